using System.Globalization;
using System.Text;

namespace Factstone.Child;

/// <summary>What a caller appends as its n-th append: follows from who it is, so that another process can say what has to be there.</summary>
internal sealed record Load(long Session, int Caller, long Number)
{
    const int PaddingBytesMax = 1_500;

    public string AppendId => $"{Session}-{Caller}-{Number}";

    public bool HasAppendId => Number % 3 == 0;

    /// <summary>One fact or up to seven, in streams of its own and in ones that all callers share.</summary>
    public AppendRequest Request()
    {
        var random = new Random(HashCode());
        var facts = new NewFact[Number % 4 == 0 ? 2 + random.Next(6) : 1];
        for (var i = 0; i < facts.Length; i++)
        {
            var stream = random.Next(3) == 0 ? new StreamName("shared", random.Next(10).ToString(CultureInfo.InvariantCulture)) : new StreamName("own", $"{Caller}/{random.Next(50)}");
            facts[i] = random.Next(20) == 0
                ? NewFact.Retraction(stream, "gone") with { Correlation = Name(i, facts.Length) }
                : new NewFact(stream, "said", Json(random)) { Correlation = Name(i, facts.Length) };
        }

        return new AppendRequest { Facts = facts, AppendId = HasAppendId ? AppendId : null };
    }

    /// <summary>Which append a fact says that it is of.</summary>
    public static Load Of(Fact fact)
    {
        var parts = fact.Correlation!.Split('-');
        return new Load(long.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[1], CultureInfo.InvariantCulture), long.Parse(parts[2], CultureInfo.InvariantCulture));
    }

    /// <summary>The line that tells of an answer. It ends with a full stop, so that one that a kill cut short is not taken for whole.</summary>
    public string Acknowledged(AppendReceipt receipt) => $"ack {receipt.FirstPosition} {receipt.LastPosition} {Session} {Caller} {Number} .";

    public static (long First, long Last, Load Load)? ReadLine(string line)
    {
        if (!line.StartsWith("ack ", StringComparison.Ordinal) || !line.EndsWith(" .", StringComparison.Ordinal)) return null;
        var numbers = line.Split(' ')[1..^1].Select(text => long.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        return (numbers[0], numbers[1], new Load(numbers[2], (int)numbers[3], numbers[4]));
    }

    string Name(int index, int count) => $"{AppendId}-{index}-{count}";

    int HashCode() => (int)((Session * 1_000_003) + (Caller * 10_007) + Number) & int.MaxValue;

    static string Json(Random random)
    {
        var text = new StringBuilder("{\"said\":\"");
        var length = random.Next(10) == 0 ? random.Next(PaddingBytesMax) : random.Next(100);
        for (var i = 0; i < length; i++) text.Append((char)('a' + random.Next(26)));
        return text.Append("\"}").ToString();
    }
}
