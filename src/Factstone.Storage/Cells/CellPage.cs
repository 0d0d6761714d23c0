using System.Text;

namespace Factstone.Storage;

/// <summary>Cells that have a value, in order, found together, so that nothing is held while they are looked at.</summary>
/// <remarks>A page ends after a bound of cells also where most of them were deleted, so that none takes long.</remarks>
/// <param name="prefix">What their terms begin with.</param>
/// <param name="keepsNames">Whether they are kept, or only counted.</param>
internal sealed class CellPage(byte[] prefix, bool keepsNames)
{
    const int CellsMax = 256;
    const int LooksMax = 4_096;

    readonly List<string> _names = [];
    int _looks;

    public byte[] Prefix { get; } = prefix;

    /// <summary>The first term that is looked for.</summary>
    public byte[] From { get; private set; } = prefix;

    /// <summary>The names of those that have a value.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>How many have a value.</summary>
    public int Count { get; private set; }

    public bool HasRoom => _looks < LooksMax && _names.Count < CellsMax;

    /// <summary>Whether nothing comes behind them.</summary>
    public bool IsLast { get; set; }

    /// <summary>The last term that was looked at.</summary>
    byte[] Last { get; set; } = prefix;

    /// <summary>Begins anew behind what was looked at.</summary>
    public void Turn() => Turn(Last);

    /// <summary>Begins anew behind a term, where that is not before all of them.</summary>
    public void Turn(byte[] after)
    {
        // The first term behind another is that one with a zero behind it, which no name has.
        if (after.AsSpan().SequenceCompareTo(Prefix) >= 0) From = [.. after, 0];
        Clear();
    }

    public void Clear()
    {
        _names.Clear();
        (_looks, Count, IsLast) = (0, 0, false);
    }

    public void Add(ReadOnlySpan<byte> term, bool hasValue)
    {
        _looks++;
        if (hasValue) Count++;
        if (hasValue && keepsNames) _names.Add(Encoding.UTF8.GetString(TermKey.Key(term)));
        if (!HasRoom) Last = term.ToArray();
    }
}
