using Factstone.Storage;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Writing;

/// <summary>A worker prepares the next segment while the writer continues. The writer may need the segment before it is ready.</summary>
public sealed class SpareSegmentTests
{
    // The writer had to roll before the worker had prepared the next file, so it created one under the same name. The worker deleted that
    // file and put its own in place. The writer's header was in a file without a name. The rename then failed, so that the log refused all
    // appends, or it made a segment of zeros the live one.
    [Fact]
    public async Task A_segment_that_the_writer_makes_is_not_taken_for_the_one_that_is_made_ready()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var files = new MemoryFileSystem();
        var scheduler = new LateZeroing();
        var options = SmallLedger.Options(new HookedFileSystem(files, path => path.EndsWith("/spare", StringComparison.Ordinal), scheduler.Zero)) with
        {
            Scheduler = scheduler,
            PreallocationBytesMin = 16 * 1_024,
            PreallocationBytesMax = 16 * 1_024,
        };

        await using (var ledger = SmallLedger.Open(options))
        {
            for (var i = 1; i <= 40; i++)
                await ledger.AppendAsync(new NewFact("orders/1", "placed", $"\"{new string('x', 8_000)}\""), cancellation);
            Assert.True(scheduler.Late >= 2, "The worker was not late at any roll.");
            Assert.True((await ledger.GetStatisticsAsync(cancellation)).Segments > 3);
        }

        Assert.Empty(StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions(), null, cancellation).Damage);
        using var again = SmallLedger.Open(files);
        Assert.Equal(40, await again.ReadAsync(cancellationToken: cancellation).CountAsync(cancellation));
    }

    /// <summary>Runs the writer inline, and the zeroing only on request.</summary>
    sealed class LateZeroing : IScheduler
    {
        readonly InlineScheduler _inline = new();
        Func<bool> _zeroing = () => false;
        bool _isZeroing;

        /// <summary>How often the zeroing found work.</summary>
        public int Late { get; private set; }

        public IWorker Start(string name, Func<bool> step)
        {
            if (name != "factstone zeroing") return _inline.Start(name, step);
            _zeroing = step;
            return _inline.Start(name, () => false);
        }

        public void Complete(IThreadPoolWorkItem completion) => _inline.Complete(completion);

        public void Zero()
        {
            if (_isZeroing) return;
            _isZeroing = true;
            if (_zeroing()) Late++;
            while (_zeroing()) { }
            _isZeroing = false;
        }
    }

    /// <summary>Calls an action right after a file was created.</summary>
    sealed class HookedFileSystem(MemoryFileSystem files, Func<string, bool> isIt, Action created) : IFileSystem
    {
        public bool DirectoryExists(string path) => files.DirectoryExists(path);

        public bool FileExists(string path) => files.FileExists(path);

        public void CreateDirectory(string path) => files.CreateDirectory(path);

        public IReadOnlyList<string> List(string directory) => files.List(directory);

        public IReadOnlyList<string> ListDirectories(string directory) => files.ListDirectories(directory);

        public IStorageFile Open(string path, FileOpening opening)
        {
            var file = files.Open(path, opening);
            if (opening == FileOpening.CreateNew && isIt(path)) created();
            return file;
        }

        public void Rename(string from, string to) => files.Rename(from, to);

        public void Delete(string path) => files.Delete(path);

        public void SyncDirectory(string path) => files.SyncDirectory(path);

        public IHeldLock? TryLock(string path, string holder, out LockHolder heldBy) => files.TryLock(path, holder, out heldBy);

        public bool IsLocked(string path) => files.IsLocked(path);

        public ISharedPage OpenSharedPage(string path, bool writable) => files.OpenSharedPage(path, writable);
    }
}
