namespace Factstone.Conformance;

/// <summary>A way to make, open and reopen ledgers, which the claims are checked on.</summary>
/// <remarks>Threads: <see cref="CreateAsync"/> may be called by several at once.</remarks>
public abstract class LedgerSource
{
    /// <summary>The name of this way, for the scoreboard.</summary>
    public abstract string Name { get; }

    /// <summary>Whether the ledger is closed and opened again after each append, unless another call is in flight. The claims do not notice.</summary>
    public virtual bool ReopensAfterEachAppend => false;

    /// <summary>Whether a ledger may stop at any time, as by a power loss. Then each append gets an id, and what was interrupted is repeated after a reopen.</summary>
    public virtual bool MayStop => false;

    /// <summary>Whether the ledgers keep the projections of <see cref="LedgerSetup"/>. If not, the claims about kept projections are missing from the scoreboard.</summary>
    public virtual bool KeepsProjections => true;

    /// <summary>A place for one ledger, which does not exist yet.</summary>
    public abstract ValueTask<LedgerUnderTest> CreateAsync(CancellationToken cancellationToken);
}

/// <summary>One ledger that a claim is checked on.</summary>
public abstract class LedgerUnderTest : IAsyncDisposable
{
    /// <summary>Is cancelled when the ledger that was opened last stops, so that its calls may never return, and it must be opened again; see <see cref="LedgerSource.MayStop"/>.</summary>
    public virtual CancellationToken Stopped => CancellationToken.None;

    /// <summary>The blobs beside the ledger that was opened last. Null, the default, if there are none: then the claims about blobs are missing from the scoreboard.</summary>
    public virtual IBlobStore? Blobs => null;

    /// <summary>Closes the ledger if it is open, and opens it. The first call creates it.</summary>
    /// <param name="setup">The types and projections to open it with.</param>
    /// <param name="cancellationToken">Ends the open.</param>
    public abstract ValueTask<ILedger> OpenAsync(LedgerSetup setup, CancellationToken cancellationToken);

    /// <summary>Closes the ledger and removes it.</summary>
    public abstract ValueTask DisposeAsync();
}
