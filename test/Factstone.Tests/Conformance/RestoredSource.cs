using Factstone.Conformance;
using Factstone.Storage;

namespace Factstone.Tests.Conformance;

/// <summary>Ledgers that are backed up after each append, and restored from the backup. What was opened before is never opened again.</summary>
internal sealed class RestoredSource : LedgerSource
{
    public override string Name => "restored from its backup after each append";

    public override bool ReopensAfterEachAppend => true;

    public override ValueTask<LedgerUnderTest> CreateAsync(CancellationToken cancellationToken) => ValueTask.FromResult<LedgerUnderTest>(new RestoredLedger());

    sealed class RestoredLedger : LedgerUnderTest
    {
        readonly MemoryFileSystem _files = new();
        Ledger? _ledger;
        int _restores;

        public override IBlobStore? Blobs => _ledger?.Blobs;

        public override async ValueTask<ILedger> OpenAsync(LedgerSetup setup, CancellationToken cancellationToken)
        {
            if (_ledger is { } before)
            {
                var options = new BackupOptions { FileSystem = _files };
                await before.BackupAsync($"backup-{++_restores}", options, progress: null, cancellationToken);
                await before.DisposeAsync();
                await Ledger.RestoreAsync($"backup-{_restores}", $"ledger-{_restores}", options, progress: null, cancellationToken);
            }

            return _ledger = await Ledger.OpenAsync($"ledger-{_restores}", new LedgerOptions { Types = setup.Types, InlineProjections = setup.InlineProjections, AsyncProjections = setup.AsyncProjections, FileSystem = _files, PreallocationBytesMin = 0, PreallocationBytesMax = 0 }, cancellationToken);
        }

        public override ValueTask DisposeAsync() => _ledger?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
