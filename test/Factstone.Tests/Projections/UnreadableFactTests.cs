using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Projections;

/// <summary>An error of the disk while the background waits for facts does not end it.</summary>
public sealed class UnreadableFactTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // The wait for the next fact reads it. Its exception ended the background, and reads that may be behind answered with the old state for ever.
    [Fact]
    public async Task A_projection_in_the_background_goes_on_after_an_error_of_the_disk()
    {
        var files = new FailingReads();
        await using var ledger = await Ledger.OpenAsync("ledger", new LedgerOptions { FileSystem = files, PreallocationBytesMax = 0, AsyncProjections = [ProjectionLedger.Whole] }, Cancel);
        await ledger.AppendAsync(ProjectionLedger.Number("a", 1), Cancel);
        await ProjectionLedger.UntilAsync(async () => await ledger.ReadProjectionAsync(ProjectionLedger.Whole, cancellationToken: Cancel) is { State.Count: 1 });
        await Task.Delay(50, Cancel); // it waits for the next fact

        files.Fails = true;
        await ledger.AppendAsync(ProjectionLedger.Number("a", 2), Cancel);
        await ProjectionLedger.UntilAsync(() => Task.FromResult(files.HasFailed));
        files.Fails = false;

        await ProjectionLedger.UntilAsync(async () => await ledger.ReadProjectionAsync(ProjectionLedger.Whole, cancellationToken: Cancel) is { State.Count: 2 });
    }

    sealed class FailingReads() : DecoratedFiles(new MemoryFileSystem())
    {
        volatile bool _fails;
        volatile bool _hasFailed;

        public bool Fails
        {
            set => _fails = value;
        }

        public bool HasFailed => _hasFailed;

        public override IStorageFile Open(string path, FileOpening opening) => new Failing(this, Inner.Open(path, opening));

        sealed class Failing(FailingReads files, IStorageFile inner) : DecoratedFile(inner)
        {
            public override IMappedFile? Map(long length) => null;

            public override int Read(Span<byte> buffer, long fileOffset)
            {
                if (!files._fails || !Path.Contains("segments", StringComparison.Ordinal)) return Inner.Read(buffer, fileOffset);
                files._hasFailed = true;
                throw new LedgerIOException(Path, "read", "Input/output error");
            }
        }
    }
}
