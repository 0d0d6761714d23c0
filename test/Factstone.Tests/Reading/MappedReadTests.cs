using System.Buffers.Binary;

namespace Factstone.Tests.Reading;

/// <summary>The mapping of a segment does not cover everything that the file may grow to, and parts of it may be released.</summary>
public sealed class MappedReadTests : IDisposable
{
    const int Kilobyte = 1_024;

    readonly string _directory = Path.Combine(Path.GetTempPath(), $"factstone-mapped-{Guid.NewGuid():N}");

    static CancellationToken Now => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        if (Directory.Exists(_directory)) Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task An_append_larger_than_a_segment_is_read_back_whole()
    {
        await using var ledger = await Ledger.OpenAsync(_directory, new LedgerOptions { SegmentSizeBytes = 64 * Kilobyte }, Now);
        await ledger.AppendAsync([.. Enumerable.Repeat(Sized(50_000), 4), Sized(1)], Now);

        await AllAreRead(ledger, 5);
    }

    [Fact]
    public async Task A_reader_follows_a_segment_beyond_the_size_that_its_own_options_name()
    {
        await using var writer = await Ledger.OpenAsync(_directory, new LedgerOptions { PreallocationBytesMax = 0 }, Now);
        await writer.AppendAsync(Sized(50_000), Now);
        await using var reader = await Ledger.OpenReadOnlyAsync(_directory, new LedgerOptions { SegmentSizeBytes = 64 * Kilobyte }, Now);
        await AllAreRead(reader, 1);
        for (var i = 0; i < 200; i++) await writer.AppendAsync(Sized(400), Now);

        await AllAreRead(reader, 201);
    }

    // The preallocated space is in the reader's mapping until the writer releases it.
    // A damaged length could lead a read into that space, which would end the process.
    [Fact]
    public async Task A_damaged_length_before_space_that_was_given_back_is_damage_and_ends_no_process()
    {
        var options = new LedgerOptions { SegmentSizeBytes = Kilobyte * Kilobyte, PreallocationBytesMin = Kilobyte * Kilobyte, PreallocationBytesMax = Kilobyte * Kilobyte };
        await using var writer = await Ledger.OpenAsync(_directory, options, Now);
        await writer.AppendAsync(Sized(100), Now);
        var path = Assert.Single(Directory.GetFiles(Path.Combine(_directory, "segments"), "*.log"));
        while (new FileInfo(path).Length < options.SegmentSizeBytes) await Task.Delay(1, Now);
        await using var reader = await Ledger.OpenReadOnlyAsync(_directory, options, Now);
        var fact = Assert.IsType<Fact>(await reader.ReadAtAsync(new Position(1), Now));
        await writer.AppendAsync(Sized(1_024 * Kilobyte - 1), Now);
        Assert.InRange(new FileInfo(path).Length, 1, 4 * Kilobyte);

        DamageLength(path, fact);

        await Assert.ThrowsAsync<LedgerDamagedException>(async () => await reader.ReadAtAsync(fact.Position, Now));
        await Assert.ThrowsAsync<LedgerDamagedException>(async () => await reader.FoldStreamAsync(fact.Stream, 0, (ref seen, in _) => ++seen > 0, cancellationToken: Now));
        Assert.NotNull(await reader.ReadAtAsync(new Position(2), Now));
    }

    /// <summary>Sets the length in a fact's header far beyond the end of the file.</summary>
    static void DamageLength(string path, Fact fact)
    {
        const int PrefixBytes = 2 + 1 + 1 + 1; // header length, flags, and the short lengths of metadata and payload
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        var length = bytes.AsSpan(bytes.AsSpan().IndexOf(fact.Header.Span) - PrefixBytes, sizeof(ushort));
        Assert.Equal(fact.Header.Length, BinaryPrimitives.ReadUInt16LittleEndian(length));
        BinaryPrimitives.WriteUInt16LittleEndian(length, 60_000);
        file.Position = 0;
        file.Write(bytes);
    }

    static async Task AllAreRead(Ledger ledger, int facts)
    {
        for (var position = 1; position <= facts; position++) Assert.NotNull(await ledger.ReadAtAsync(new Position(position), Now));
        Assert.Equal(facts, await ledger.FoldAsync(0, (ref seen, in _) => ++seen > 0, cancellationToken: Now));
        Assert.Equal(facts, await ledger.FoldStreamAsync("orders/1", 0, (ref seen, in _) => ++seen > 0, new StreamReadOptions { Backward = true }, Now));
        Assert.Equal(facts, (await ledger.ReadAsync(cancellationToken: Now).ToListAsync()).Count);
    }

    static NewFact Sized(int bytes) => new("orders/1", "grown", $"\"{new string('x', bytes)}\"");
}
