using Factstone.Conformance;

namespace Factstone.Cli.Conformance;

/// <summary>Ledgers that are backed up after each append, and restored from the backup into another directory.</summary>
internal sealed class RestoredSource(string parent) : LedgerSource
{
    int _ledgers;

    public override string Name => "restored from its backup after each append";

    public override bool ReopensAfterEachAppend => true;

    public override ValueTask<LedgerUnderTest> CreateAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult<LedgerUnderTest>(new RestoredLedger(Path.Combine(parent, $"restored-{Interlocked.Increment(ref _ledgers)}")));

    sealed class RestoredLedger(string directory) : LedgerUnderTest
    {
        Ledger? _ledger;
        int _restores;

        string Present => Path.Combine(directory, $"{_restores}");

        public override IBlobStore? Blobs => _ledger?.Blobs;

        public override async ValueTask<ILedger> OpenAsync(LedgerSetup setup, CancellationToken cancellationToken)
        {
            if (_ledger is { } before)
            {
                var (backup, old) = (Path.Combine(directory, "backup"), Present);
                await before.BackupAsync(backup, cancellationToken: cancellationToken);
                await before.DisposeAsync();
                _restores++;
                await Ledger.RestoreAsync(backup, Present, cancellationToken: cancellationToken);
                Directory.Delete(backup, recursive: true);
                Directory.Delete(old, recursive: true);
            }

            return _ledger = await Ledger.OpenAsync(Present, new LedgerOptions { Types = setup.Types, InlineProjections = setup.InlineProjections, AsyncProjections = setup.AsyncProjections }, cancellationToken);
        }

        public override async ValueTask DisposeAsync()
        {
            await (_ledger?.DisposeAsync() ?? ValueTask.CompletedTask);
            if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
        }
    }
}
