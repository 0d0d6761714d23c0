using Factstone.Conformance.Claims;
using Factstone.Conformance.Wrapping;

namespace Factstone.Conformance;

/// <summary>What a claim works with: a ledger of its own, which it can reopen.</summary>
/// <remarks>For one claim. Positions are increasing, and not dense: a ledger may have facts of its own between those of the claim.</remarks>
public sealed class ClaimContext
{
    readonly LedgerSource _source;
    readonly LedgerUnderTest _tested;
    LedgerSetup _setup = new() { Types = ClaimTypes.All };
    ContinuedLedger? _continued;
    bool _hasBlobs;

    ClaimContext(LedgerSource source, LedgerUnderTest tested, CancellationToken cancellationToken) => (_source, _tested, CancellationToken, Ledger) = (source, tested, cancellationToken, null!);

    /// <summary>The ledger as it was opened last. New and empty at the beginning.</summary>
    public ILedger Ledger { get; private set; }

    /// <summary>The blobs beside the ledger. If the source has none, the claim is missing from the scoreboard.</summary>
    public IBlobStore Blobs
    {
        get
        {
            if (!_hasBlobs) throw new PartMissingException("blobs");
            return _continued is null ? _tested.Blobs! : new ContinuedBlobs(_continued, () => _tested.Blobs!);
        }
    }

    /// <summary>Ends when the time of the claim has passed.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>Closes the ledger and opens it again. Afterwards <see cref="Ledger"/> is another object.</summary>
    public async Task ReopenAsync()
    {
        if (_setup.InlineProjections.Count + _setup.AsyncProjections.Count > 0 && !_source.KeepsProjections) throw new PartMissingException("kept projections");
        _continued?.Close();
        if (!_source.ReopensAfterEachAppend && !_source.MayStop)
            Ledger = await _tested.OpenAsync(_setup, CancellationToken);
        else
            Ledger = _continued = await ContinuedLedger.OpenAsync(_tested, _setup, _source, CancellationToken);
        _hasBlobs |= _tested.Blobs is not null; // while a stopped ledger is reopened, it has none
    }

    /// <summary>The same with other types, which are kept until the next call with types.</summary>
    /// <param name="types">The types.</param>
    public Task ReopenAsync(FactTypes types) => ReopenAsync(_setup with { Types = types });

    /// <summary>The same with other types and projections, which are kept until the next call with others.</summary>
    /// <param name="setup">The types and projections.</param>
    public Task ReopenAsync(LedgerSetup setup)
    {
        ArgumentNullException.ThrowIfNull(setup);
        _setup = setup;
        return ReopenAsync();
    }

    /// <summary>Calls the ledger of the source, which <see cref="Ledger"/> may be a wrapper of, and repeats the call if the ledger is reopened meanwhile. For members that need the ledger's own class, such as the reads of kept projections.</summary>
    /// <param name="call">The call. It may be made several times.</param>
    public ValueTask<T> CallAsync<T>(Func<ILedger, ValueTask<T>> call)
    {
        ArgumentNullException.ThrowIfNull(call);
        return _continued is null ? call(Ledger) : _continued.CallAsync(call, CancellationToken);
    }

    internal static async Task<ClaimContext> OpenAsync(LedgerSource source, LedgerUnderTest tested, CancellationToken cancellationToken)
    {
        var context = new ClaimContext(source, tested, cancellationToken);
        await context.ReopenAsync();
        return context;
    }
}

/// <summary>The source does not have what a claim is about.</summary>
internal sealed class PartMissingException(string part) : Exception(part);
