using Factstone.Conformance;

namespace Factstone.Cli.Conformance;

/// <summary>Ledgers in directories of their own below one directory.</summary>
internal sealed class DirectorySource(string parent) : LedgerSource
{
    int _ledgers;

    public override string Name => "in a directory";

    public override ValueTask<LedgerUnderTest> CreateAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult<LedgerUnderTest>(new LedgerInDirectory(Path.Combine(parent, $"{Interlocked.Increment(ref _ledgers)}")));

    sealed class LedgerInDirectory(string directory) : LedgerUnderTest
    {
        Ledger? _ledger;

        public override IBlobStore? Blobs => _ledger?.Blobs;

        public override async ValueTask<ILedger> OpenAsync(LedgerSetup setup, CancellationToken cancellationToken)
        {
            await CloseAsync();
            return _ledger = await Ledger.OpenAsync(directory, new LedgerOptions { Types = setup.Types, InlineProjections = setup.InlineProjections, AsyncProjections = setup.AsyncProjections }, cancellationToken);
        }

        public override async ValueTask DisposeAsync()
        {
            await CloseAsync();
            if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
        }

        ValueTask CloseAsync() => _ledger?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
