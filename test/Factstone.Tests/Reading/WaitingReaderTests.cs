using Factstone.Storage;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Reading;

/// <summary>A reader in another process waits a moment if the files do not agree, but never longer than its caller.</summary>
/// <remarks>Here HEAD names a segment that does not exist and is not in the manifest, as it may appear between two reads while a writer
/// works.</remarks>
public sealed class WaitingReaderTests
{
    static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    readonly MemoryFileSystem _memory = new();
    readonly WatchedFiles _files;
    string _missing = "";

    public WaitingReaderTests() => _files = new WatchedFiles(_memory);

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // A read waited for the segment up to a second under a lock, and checked its token only before the wait.
    [Fact]
    public void A_cancelled_read_waits_no_longer_for_the_writer()
    {
        using var reader = OpenAndLoseSegment();
        using var cancelled = new CancellationTokenSource();
        _files.Looking = path =>
        {
            if (path == _missing) cancelled.Cancel();
        };

        Assert.ThrowsAny<OperationCanceledException>(() => SmallLedger.Now(reader.GetHeadAsync(cancelled.Token)));

        Assert.Empty(reader.Damage);
    }

    [Fact]
    public void A_cancelled_open_waits_no_longer_for_the_writer()
    {
        OpenAndLoseSegment().Dispose();
        using var writer = _memory.TryLock($"{SmallLedger.Root}/LOCK", "a writer", out _); // nobody waits for one that is not there
        using var cancelled = new CancellationTokenSource();
        _files.Looking = path =>
        {
            if (path == _missing) cancelled.Cancel();
        };

        Assert.ThrowsAny<OperationCanceledException>(() => FileStorage.OpenReadOnly(_files, SmallLedger.Root, SmallLedger.Options(_files).ToStorageOptions(), cancelled.Token));
    }

    // One read refreshes, and the others wait for it. A caller can also cancel a read that waits behind another one.
    [Fact]
    public async Task A_cancelled_read_waits_no_longer_for_another_read()
    {
        using var reader = OpenAndLoseSegment();
        using var isLooking = new ManualResetEventSlim();
        using var mayGoOn = new ManualResetEventSlim();
        _files.Looking = path =>
        {
            if (path != _missing) return;
            isLooking.Set();
            mayGoOn.Wait(Limit);
        };
        var first = Task.Run(() => SmallLedger.Now(reader.GetHeadAsync(Cancel)), Cancel);
        Assert.True(isLooking.Wait(Limit, Cancel));

        using var cancelled = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        var second = Task.Run(() => Assert.ThrowsAny<OperationCanceledException>(() => SmallLedger.Now(reader.GetHeadAsync(cancelled.Token))), Cancel);
        await second.WaitAsync(TimeSpan.FromSeconds(30), Cancel);

        Assert.False(first.IsCompleted);
        mayGoOn.Set();
        await first;
    }

    // A close waited for the read. The read continued to the end of its second and then reported the missing segment as lost.
    [Fact]
    public async Task A_close_does_not_wait_for_a_read_that_waits_for_the_writer()
    {
        var reader = OpenAndLoseSegment();
        using var isLooking = new ManualResetEventSlim();
        _files.Looking = path =>
        {
            if (path != _missing) return;
            isLooking.Set();
            SpinWait.SpinUntil(() => reader.Storage.IsClosed, Limit);
        };
        var read = Task.Run(() => SmallLedger.Now(reader.GetHeadAsync(Cancel)), Cancel);
        Assert.True(isLooking.Wait(Limit, Cancel));

        reader.Dispose();

        Assert.Equal(1, (await read).Value);
        Assert.Empty(reader.Damage);
    }

    Ledger OpenAndLoseSegment()
    {
        using var writer = SmallLedger.Open(SmallLedger.Options(_memory));
        SmallLedger.AppendOne(writer);
        var reader = SmallLedger.OpenReadOnly(_files);
        var before = _memory.Clone();
        while (_memory.Paths.Count(LedgerLayout.IsSegment) == 1)
            Assert.IsType<AppendOutcome.Committed>(SmallLedger.Now(writer.TryAppendAsync(new AppendRequest(new NewFact("orders/1", "grown", $"\"{new string('x', 6_000)}\"")))));
        _missing = _memory.Paths.Last(LedgerLayout.IsSegment);
        _memory.Delete(_missing);
        using var manifest = before.Open($"{SmallLedger.Root}/MANIFEST", FileOpening.ReadOnly);
        var bytes = new byte[manifest.Length];
        Assert.Equal(bytes.Length, manifest.Read(bytes, 0));
        _memory.Replace($"{SmallLedger.Root}/MANIFEST", bytes);
        return reader;
    }
}
