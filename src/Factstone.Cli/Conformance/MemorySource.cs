using Factstone.Conformance;
using Factstone.Storage;

namespace Factstone.Cli.Conformance;

/// <summary>Ledgers in memory. A reopen opens the same files in memory again.</summary>
internal sealed class MemorySource(bool reopens = false) : LedgerSource
{
    public override string Name => reopens ? "in memory, reopened after each append" : "in memory";

    public override bool ReopensAfterEachAppend => reopens;

    public override ValueTask<LedgerUnderTest> CreateAsync(CancellationToken cancellationToken) => ValueTask.FromResult<LedgerUnderTest>(new MemoryLedger());

    sealed class MemoryLedger : LedgerUnderTest
    {
        readonly MemoryFileSystem _files = new();
        Ledger? _ledger;

        public override IBlobStore? Blobs => _ledger?.Blobs;

        public override async ValueTask<ILedger> OpenAsync(LedgerSetup setup, CancellationToken cancellationToken)
        {
            await DisposeAsync();
            return _ledger = await Ledger.OpenAsync("ledger", new LedgerOptions { Types = setup.Types, InlineProjections = setup.InlineProjections, AsyncProjections = setup.AsyncProjections, FileSystem = _files, PreallocationBytesMin = 0, PreallocationBytesMax = 0 }, cancellationToken);
        }

        public override ValueTask DisposeAsync() => _ledger?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
