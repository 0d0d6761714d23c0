using System.Buffers.Binary;
using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Indexing;

/// <summary>A run of more terms than its writer keeps in memory finds each of them, and no other.</summary>
public sealed class LargeRunTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(249_999)]
    [InlineData(250_000)]
    [InlineData(250_001)]
    [InlineData(1_000_000)]
    public void Every_term_of_a_run_is_found_and_no_other(int terms)
    {
        var files = new MemoryFileSystem();
        files.CreateDirectory("index");
        RunFooter written;
        using (var file = files.Open("index/run", FileOpening.CreateNew))
        using (var writer = new RunWriter(file, new Position(1)))
        {
            writer.AddPlace(64);
            writer.AddSegment(new Position(1), new Position(1), 1);
            writer.AddTime(5, new Position(1));
            Span<byte> value = stackalloc byte[AppendSpanFormat.BytesMax];
            for (var i = 0; i < terms; i++) writer.AddValue(Key(i), value[..AppendSpanFormat.Write(value, Append(i), new Position(1))]);
            written = writer.Finish(default, epoch: 1, new Position(1), new LogPlace(new Position(1), 1, 100), firstTime: 5, lastTime: 5);
        }

        using var run = Run.Inspect(files.Open("index/run", FileOpening.ReadOnly), out var wrong);
        Assert.True(run is not null, wrong);
        Assert.Equal(written, run.Footer);
        Assert.Empty(run.DamagedBlocks());
        Assert.Equal(terms, run.Footer.Terms);
        for (var i = 0; i < terms; i += terms > 100_000 ? 7 : 1) Assert.Equal(Append(i), run.FindAppend("", TermKey.Of(Key(i))));
        for (var i = terms; i < terms + 1_000; i++) Assert.Null(run.FindAppend("", TermKey.Of(Key(i))));

        var cursor = new TermCursor(run, []);
        for (var i = 0; i < terms; i++)
        {
            Assert.True(cursor.MoveNext());
            if (!cursor.Term.SequenceEqual(Key(i))) Assert.Fail($"Term {i} is not where it belongs.");
        }

        Assert.False(cursor.MoveNext());
    }

    static IndexedAppend Append(int number) => new(new AppendSpan(new Position(number + 1), 1), default);

    static byte[] Key(int number)
    {
        var key = new byte[1 + sizeof(int) + (number % 5)];
        key[0] = (byte)TermKind.AppendId;
        BinaryPrimitives.WriteInt32BigEndian(key.AsSpan(1), number);
        return key;
    }
}
