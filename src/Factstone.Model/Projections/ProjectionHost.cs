namespace Factstone;

/// <summary>What the kept projections of a ledger have in common.</summary>
/// <param name="Ledger">The ledger.</param>
/// <param name="Limits">How work is divided.</param>
/// <param name="Notice">Who is told what makes no call fail.</param>
internal sealed record ProjectionHost(ILedger Ledger, ProjectionLimits Limits, Action<LedgerNotice>? Notice)
{
    /// <summary>The pause after a step that was not possible.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Whether no cell may be written, so that a read folds what is missing: the ledger is read-only, or it shows cells that may not be the last ones.</summary>
    public bool ReadsOnly { get; init; } = Ledger.IsReadOnly;

    /// <summary>Ends when the projections are closed.</summary>
    public CancellationTokenSource Closing { get; } = new();

    /// <summary>Whether what has stopped a fold may be over the next time. If not, as where facts are damaged or dropped, the projection has failed.</summary>
    public static bool MayPass(FactstoneException failure) => failure.IsTransient || failure is LedgerIOException;

    /// <summary>Appends cells of Factstone's own.</summary>
    /// <exception cref="AppendFailedException">A condition did not hold, or the outcome is unknown.</exception>
    public async ValueTask AppendAsync(IReadOnlyList<NewCell> cells, IReadOnlyList<AppendCondition>? conditions = null)
    {
        var outcome = await Ledger.TryAppendAsync(new AppendRequest { Cells = cells, Conditions = conditions ?? [] }).ConfigureAwait(false);
        outcome.EnsureCommittedOrDuplicate();
    }

    /// <summary>Waits for a task.</summary>
    /// <exception cref="ObjectDisposedException">The ledger was closed meanwhile.</exception>
    public async ValueTask WaitAsync(Task task, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Closing.Token);
        try
        {
            await task.WaitAsync(ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ObjectDisposedException("Ledger", "The ledger is closed.");
        }
    }

    /// <summary>Waits until the ledger has reached a position; false once it is closed.</summary>
    public async ValueTask<bool> WaitForHeadAsync(Position position, CancellationToken cancellationToken)
    {
        if (await Ledger.GetHeadAsync(cancellationToken).ConfigureAwait(false) >= position) return true;
        var follower = Ledger.OpenFollower(FactQuery.All, new FollowOptions { From = FollowStart.Now, BufferFacts = 1 });
        while (follower.Position < position)
        {
            if (!await follower.WaitForAsync(position, cancellationToken).ConfigureAwait(false)) return false;
            while (follower.TryTake(out _)) { }
        }

        return true;
    }
}
