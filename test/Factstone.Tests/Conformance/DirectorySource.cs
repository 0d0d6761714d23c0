using Factstone.Conformance;

namespace Factstone.Tests.Conformance;

/// <summary>Ledgers in directories of the disk, each opened with the options of a user who gives none.</summary>
internal sealed class DirectorySource : LedgerSource
{
    public override string Name => "in a directory";

    public override ValueTask<LedgerUnderTest> CreateAsync(CancellationToken cancellationToken) => ValueTask.FromResult<LedgerUnderTest>(new LedgerInDirectory());

    sealed class LedgerInDirectory : LedgerUnderTest
    {
        readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("factstone-conformance-");
        Ledger? _ledger;

        public override IBlobStore? Blobs => _ledger?.Blobs;

        public override async ValueTask<ILedger> OpenAsync(LedgerSetup setup, CancellationToken cancellationToken)
        {
            await CloseAsync();
            return _ledger = await Ledger.OpenAsync(Path.Combine(_directory.FullName, "ledger"), new LedgerOptions { Types = setup.Types, InlineProjections = setup.InlineProjections, AsyncProjections = setup.AsyncProjections }, cancellationToken);
        }

        public override async ValueTask DisposeAsync()
        {
            await CloseAsync();
            _directory.Delete(recursive: true);
        }

        ValueTask CloseAsync() => _ledger?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
