using Factstone.Storage;

namespace Factstone.Tests.Processes;

/// <summary>A reader in another process than the writer. It sees exactly what was published, and no append in part.</summary>
public sealed class ReadOnlyTests
{
    /// <summary>
    /// Rounds on one ledger and one writer, before that writer is killed. The next writer recovers while the reader reads.
    /// </summary>
    const int RoundsPerWriter = 10;
    const int WritersPerLedger = 2;

    [Fact]
    public async Task A_reader_sees_a_whole_prefix_with_all_that_was_acknowledged_and_nothing_that_was_not_published()
    {
        var random = Rounds.Seeded(out _);
        var rounds = Rounds.Or(100);
        for (var round = 0; round < rounds;)
        {
            var directory = Directory.CreateTempSubdirectory("factstone-read-");
            try
            {
                var ledger = $"{directory.FullName}/ledger";
                for (var writer = 0; writer < WritersPerLedger && round < rounds; writer++)
                {
                    using var child = new ChildProcess("append", ledger, "--callers", "4", "--pause", "1");
                    if (writer == 0) child.WaitForAppends(1);
                    await using var following = new Reader(await Ledger.OpenReadOnlyAsync(ledger, cancellationToken: Cancellation));
                    for (var i = 0; i < RoundsPerWriter && round < rounds; i++, round++)
                    {
                        await Task.Delay(random.Next(40), Cancellation);
                        await LookAsync(ledger, child, following, isStopped: i % 2 == 1);
                    }
                }
            }
            finally
            {
                directory.Delete(recursive: true);
            }
        }
    }

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static async Task LookAsync(string directory, ChildProcess child, Reader following, bool isStopped)
    {
        if (isStopped) child.Suspend();
        var acknowledged = child.LastAcknowledged;
        var before = Published(directory);
        await using var opened = new Reader(await Ledger.OpenReadOnlyAsync(directory, cancellationToken: Cancellation));
        var seen = await opened.LookAsync();
        var seenByFollowing = await following.LookAsync();
        var after = Published(directory);
        if (isStopped) child.Resume();

        Assert.True(acknowledged <= before);
        Assert.InRange(seen, before, after);
        Assert.InRange(seenByFollowing, before, after);
        if (isStopped) Assert.Equal(before, after);
    }

    /// <summary>The position in HEAD, read without the ledger.</summary>
    static long Published(string directory)
    {
        var head = new HeadFile(new DiskFileSystem().OpenSharedPage($"{directory}/HEAD", writable: false));
        using (head) return head.Read(out _)!.Value.Position.Value;
    }

    /// <summary>A ledger opened for reading, and the position up to which it has been compared.</summary>
    sealed class Reader(Ledger ledger) : IAsyncDisposable
    {
        readonly Dictionary<StreamName, long> _versions = [];
        long _seen;

        /// <summary>Compares new facts with the appends. Returns the head that was read.</summary>
        public async Task<long> LookAsync()
        {
            var appends = await LoadCheck.AppendsAsync(ledger, new Position(_seen + 1), _versions);
            _seen = Math.Max(_seen, appends.Values.Select(one => one.Last).DefaultIfEmpty().Max());
            Assert.Empty(ledger.Damage);

            // Facts exist up to the head. Beyond it, neither a read of everything nor a read by position returns one.
            Assert.True(await ledger.GetHeadAsync(Cancellation) is var head && head.Value >= _seen);
            Assert.NotNull(await ledger.ReadAtAsync(new Position(_seen), Cancellation));
            return _seen;
        }

        public ValueTask DisposeAsync() => ledger.DisposeAsync();
    }
}
