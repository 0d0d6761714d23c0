using System.Text;
using Xunit;

namespace Factstone;

public sealed class Utf8OrderTests
{
    // Ends of the ranges in which UTF-8 has one length, and characters that UTF-16 sorts differently.
    static readonly string[] Characters =
        ["\u0000", "a", "b", "\u007f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufb33", "\uffff", "\U00010000", "\U0001F600", "\U0001F601", "\U000FFFFF", "\U0010FFFF"];

    static int BytesCompared(string a, string b) => Math.Sign(Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b)));

    static int Compared(string a, string b) => Math.Sign(Utf8Order.Instance.Compare(a, b));

    [Fact]
    public void All_pairs_of_short_texts_are_in_the_order_of_their_bytes()
    {
        var texts = Characters.SelectMany(a => Characters.Select(b => a + b)).Concat(Characters).Append("").ToArray();
        foreach (var a in texts)
        {
            foreach (var b in texts)
                Assert.Equal(BytesCompared(a, b), Compared(a, b));
        }
    }

    [Fact]
    public void Sorted_texts_are_in_the_order_of_their_bytes()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 0; round < 2_000; round++)
        {
            string[] texts = [.. Enumerable.Range(0, random.Next(0, 20)).Select(_ => string.Concat(random.GetItems(Characters, random.Next(0, 4))))];
            string[] expected = [.. texts];
            Array.Sort(expected, BytesCompared);
            Utf8Order.Sort(texts);
            Assert.True(texts.SequenceEqual(expected), $"seed {seed}, round {round}");
        }
    }

    [Fact]
    public void Random_texts_are_in_the_order_of_their_bytes()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 0; round < 100_000; round++)
        {
            // A common prefix, so that the first difference may be anywhere.
            var start = Text(random.Next(0, 6));
            var (a, b) = (start + Text(random.Next(0, 4)), start + Text(random.Next(0, 4)));
            Assert.True(BytesCompared(a, b) == Compared(a, b), $"seed {seed}, round {round}: {Points(a)} and {Points(b)}");
            Assert.True(Encoding.UTF8.GetByteCount(a) == Utf8Order.ByteCount(a), $"seed {seed}, round {round}: {Points(a)}");
        }

        string Text(int length) => string.Concat(Enumerable.Range(0, length).Select(_ => random.Next(3) == 0 ? AnyRune() : Characters[random.Next(Characters.Length)]));

        string AnyRune()
        {
            while (true)
                if (Rune.TryCreate(random.Next(0, 0x110000), out var rune)) return rune.ToString();
        }

        static string Points(string text) => string.Join(' ', text.EnumerateRunes().Select(rune => $"U+{rune.Value:X4}"));
    }

    [Fact]
    public void Half_of_a_surrogate_pair_has_no_bytes()
    {
        foreach (var text in new[] { "\ud800", "a\udc00b", "\ud83d\ud83d\ude00", "\ude00\ud83d" })
            Assert.Equal(-1, Utf8Order.ByteCount(text));
    }
}
