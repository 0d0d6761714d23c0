using System.Buffers;
using System.Text;
using Factstone.Storage;

namespace Factstone.Tests.Reading;

/// <summary>A thread keeps its reader and its pages from one read to the next. Reads within reads, of one ledger or of two, do not see each other's.</summary>
public sealed class NestedReadTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_view_stays_what_it_is_while_its_callback_reads_the_same_ledger_and_another_one(bool mapped)
    {
        await using var one = await WithStreamsAsync("one", mapped);
        await using var other = await WithStreamsAsync("other", mapped);
        var seen = new List<string>();

        await one.FoldAsync(seen, (ref outer, in fact) =>
        {
            var before = Text(fact);
            foreach (var ledger in new[] { one, other })
            {
                foreach (var stream in new StreamName[] { "s/0", "s/3", "s/none" })
                {
                    Assert.Equal(stream.Key == "none" ? 0 : 1, Now(ledger.FoldLatestAsync(stream, 0, (ref count, in latest) =>
                    {
                        var inner = Text(latest);
                        Assert.Contains(ledger == one ? "one" : "other", inner, StringComparison.Ordinal);
                        Assert.Equal(inner, Text(Now(ledger.ReadLatestAsync(stream, cancellationToken: Cancellation))!));
                        Assert.Equal(3, Now(other.FoldStreamAsync("s/1", 0, (ref facts, in _) => ++facts < 3, cancellationToken: Cancellation)));
                        Assert.Throws<InvalidOperationException>(() => Now(one.FoldLatestAsync<int>("s/2", 0, static (ref _, in _) => throw new InvalidOperationException("mine"), cancellationToken: Cancellation)));
                        Assert.Equal(inner, Text(latest));
                        return ++count > 0;
                    }, cancellationToken: Cancellation)));
                }
            }

            Assert.Equal(before, Text(fact));
            outer.Add(before);
            return true;
        }, cancellationToken: Cancellation);

        Assert.Equal(await one.ReadAsync(cancellationToken: Cancellation).Select(static fact => Text(fact)).ToListAsync(Cancellation), seen);
    }

    // Each enumeration is left halfway, goes on on another thread, or is never disposed of.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Enumerations_that_are_left_moved_or_forgotten_do_not_mix(bool mapped)
    {
        await using var one = await WithStreamsAsync("one", mapped);
        await using var other = await WithStreamsAsync("other", mapped);
        var expected = new Dictionary<(Ledger, int), List<string>>();
        foreach (var ledger in new[] { one, other })
            for (var stream = 0; stream < 5; stream++) expected[(ledger, stream)] = await ledger.ReadStreamAsync($"s/{stream}", cancellationToken: Cancellation).Select(static fact => Text(fact)).ToListAsync(Cancellation);

        var random = new Random(7);
        var open = new List<(IAsyncEnumerator<Fact> Facts, List<string> Expected, int Next)>();
        for (var turn = 0; turn < 3_000; turn++)
        {
            if (open.Count < 8)
            {
                var (ledger, stream) = (random.Next(2) == 0 ? one : other, random.Next(5));
                open.Add((ledger.ReadStreamAsync($"s/{stream}", cancellationToken: Cancellation).GetAsyncEnumerator(Cancellation), expected[(ledger, stream)], 0));
            }

            var at = random.Next(open.Count);
            var (facts, right, next) = open[at];
            var isThere = random.Next(3) == 0 ? await Task.Run(async () => await facts.MoveNextAsync(), Cancellation) : await facts.MoveNextAsync();
            Assert.Equal(next < right.Count, isThere);
            if (isThere) Assert.Equal(right[next], Text(facts.Current));
            open[at] = (facts, right, next + 1);
            if (isThere && random.Next(40) > 0) continue;
            open.RemoveAt(at);
            if (isThere && random.Next(2) == 0) continue; // forgotten
            await facts.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_callback_may_close_the_ledger_also_in_a_read_of_one_fact_and_within_another_read(bool mapped)
    {
        foreach (var nested in new[] { false, true })
        {
            var ledger = await WithStreamsAsync("one", mapped);
            await using var other = await WithStreamsAsync("other", mapped);
            var text = "";
            bool Close(ref int state, in FactView fact)
            {
                ledger.Dispose();
                GC.Collect();
                GC.WaitForPendingFinalizers();
                Assert.Throws<ObjectDisposedException>(() => Now(ledger.FoldLatestAsync("s/1", 0, static (ref _, in _) => true, cancellationToken: Cancellation)));
                text = Text(fact);
                return ++state > 0;
            }

            if (nested)
            {
                await Assert.ThrowsAsync<ObjectDisposedException>(async () => await ledger.FoldStreamAsync("s/1", 0, (ref state, in _) => Now(other.FoldLatestAsync("s/2", state, Close, cancellationToken: Cancellation)) > 0, cancellationToken: Cancellation));
                Assert.Contains("other", text, StringComparison.Ordinal);
            }
            else
            {
                Assert.Equal(1, await ledger.FoldLatestAsync("s/1", 0, Close, cancellationToken: Cancellation));
                Assert.Contains("one", text, StringComparison.Ordinal);
            }
        }
    }

    // A thread that had read one fact of 4 MiB kept the buffer of the read for the rest of its life.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_buffer_of_a_large_read_is_not_kept_for_the_thread(bool isCell)
    {
        var options = new LedgerOptions { FileSystem = new MemoryFileSystem(), MappedReads = false };
        var payload = new byte[FactLimits.PayloadBytesMax];
        Random.Shared.NextBytes(payload);
        await using (var writer = await Ledger.OpenAsync("ledger", options, Cancellation))
            await writer.AppendAsync(isCell ? new AppendRequest { Cells = [NewCell.Put("cells", "large", payload)] } : new AppendRequest(new NewFact("s/large", "grown", payload) { ContentType = "image/png" }), Cancellation);

        await using var ledger = await Ledger.OpenReadOnlyAsync("ledger", options, Cancellation);
        var isKept = true;
        var thread = new Thread(() =>
        {
            // The append had a buffer of this size, too. What is in the pool is taken out first.
            var taken = new List<byte[]>();
            do taken.Add(ArrayPool<byte>.Shared.Rent(payload.Length + 1_024));
            while (HoldsPayload(taken[^1]));

            Assert.Equal(payload.Length, isCell ? Now(ledger.ReadCellAsync("cells", "large"))!.Value.Length : Now(ledger.ReadLatestAsync("s/large"))!.Payload.Length);
            isKept = HoldsPayload(ArrayPool<byte>.Shared.Rent(payload.Length + 1_024));
        });
        thread.Start();
        thread.Join();
        Assert.False(isKept);

        bool HoldsPayload(byte[] buffer) => buffer.AsSpan().IndexOf(payload.AsSpan(^1_024..)) >= 0;
    }

    /// <summary>Five streams, whose facts are in runs and in memory, some of them larger than the first read of a reader.</summary>
    static async Task<Ledger> WithStreamsAsync(string name, bool mapped)
    {
        var ledger = await Ledger.OpenAsync("ledger", new LedgerOptions { FileSystem = new MemoryFileSystem(), MappedReads = mapped, MemoryFactsMax = 30, SegmentSizeBytes = 64 * 1_024, PreallocationBytesMax = 0 }, Cancellation);
        for (var i = 0; i < 100; i++)
            await ledger.AppendAsync([.. Enumerable.Range(0, 2).Select(of => new NewFact($"s/{((i * 2) + of) % 5}", "noted", $"\"{name} {i} {new string('x', i % 7 == 0 ? 3_000 : 10)}\""))], Cancellation);
        return ledger;
    }

    static string Text(in FactView fact) => $"{fact.ToString()} {Encoding.UTF8.GetString(fact.Payload)}";

    static string Text(Fact fact) => $"{fact} {fact.Json}";

    static T Now<T>(ValueTask<T> answer) => answer.AsTask().GetAwaiter().GetResult();
}
