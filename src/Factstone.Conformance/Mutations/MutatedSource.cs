namespace Factstone.Conformance.Mutations;

/// <summary>Gives ledgers with one defect.</summary>
internal sealed class MutatedSource(LedgerSource inner, Mutation mutation) : LedgerSource
{
    public override string Name => $"{inner.Name}, where {mutation.What}";

    public override bool ReopensAfterEachAppend => inner.ReopensAfterEachAppend;

    public override bool MayStop => inner.MayStop;

    public override bool KeepsProjections => inner.KeepsProjections;

    public override async ValueTask<LedgerUnderTest> CreateAsync(CancellationToken cancellationToken) =>
        new MutatedLedger(inner, mutation, await inner.CreateAsync(cancellationToken));

    sealed class MutatedLedger(LedgerSource source, Mutation mutation, LedgerUnderTest first) : LedgerUnderTest
    {
        LedgerUnderTest _tested = first;
        int _openings;

        public override CancellationToken Stopped => _tested.Stopped;

        public override IBlobStore? Blobs => _tested.Blobs is { } blobs ? mutation.BreakBlobs(blobs) : null;

        public override async ValueTask<ILedger> OpenAsync(LedgerSetup setup, CancellationToken cancellationToken)
        {
            if (++_openings > 1 && mutation.ForgetsAtReopen)
            {
                await _tested.DisposeAsync();
                _tested = await source.CreateAsync(cancellationToken);
            }

            return mutation.Break(await _tested.OpenAsync(mutation.Types is { } types ? setup with { Types = types } : setup, cancellationToken), _openings);
        }

        public override ValueTask DisposeAsync() => _tested.DisposeAsync();
    }
}
