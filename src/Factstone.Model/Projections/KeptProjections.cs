using System.Collections.Concurrent;

namespace Factstone;

/// <summary>The projections that a ledger keeps.</summary>
/// <remarks>It uses the public face of the ledger only. The ledger calls <see cref="FoldAsync"/> for each append with facts, before it answers.</remarks>
internal sealed class KeptProjections
{
    volatile ProjectionHost _host;
    readonly ConcurrentDictionary<string, KeptProjection> _kept = new(StringComparer.Ordinal);
    readonly ProjectionTurn _reopening = new();
    readonly Lock _finding = new();
    volatile KeptVersion[] _inline = [];

    /// <summary>Whether the open has left the end of the log to the first append that finds space. Until then cells can be shown that are not the last ones.</summary>
    volatile bool _awaitsRecovery;
    bool _hasRecovered;
    Task[] _running = [];
    bool _isOpen;

    /// <param name="ledger">The ledger.</param>
    /// <param name="inline">What is folded before an append is answered.</param>
    /// <param name="background">What is folded in the background.</param>
    /// <param name="limits">How work is divided.</param>
    /// <param name="notice">Who is told what makes no call fail.</param>
    /// <param name="awaitsRecovery">Whether the ledger was opened without the end of its log, for want of space. Until that is recovered, the projections are only read.</param>
    public KeptProjections(ILedger ledger, IReadOnlyList<Projection> inline, IReadOnlyList<Projection> background, ProjectionLimits limits, Action<LedgerNotice>? notice, bool awaitsRecovery)
    {
        _awaitsRecovery = awaitsRecovery;
        _host = new ProjectionHost(ledger, limits, notice) { ReadsOnly = ledger.IsReadOnly || awaitsRecovery };
        foreach (var definition in inline) _kept[definition.Name] = Create(_host, definition, isInline: true);
        foreach (var definition in background) _kept[definition.Name] = Create(_host, definition, isInline: false);
    }

    public ProjectionHost Host => _host;

    public IEnumerable<KeptProjection> All => _kept.Values;

    /// <summary>Whether an append has to call <see cref="FoldAsync"/>.</summary>
    public bool FoldsWithAppends => _inline.Length > 0;

    /// <summary>Reads what is stored, lets the inline projections catch up, and starts what runs in the background.</summary>
    /// <exception cref="ProjectionRefusedException">What is stored does not fit a definition. Nothing was written.</exception>
    public async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        foreach (var one in _kept.Values) await one.OpenAsync(cancellationToken).ConfigureAwait(false);
        if (_host.Ledger.IsReadOnly) return;
        if (!_awaitsRecovery)
        {
            foreach (var one in _kept.Values) await one.CatchUpAtOpenAsync(cancellationToken).ConfigureAwait(false);
            _isOpen = true;
        }

        if (!_host.Limits.IsManual) _running = [Task.Run(RunAsync, CancellationToken.None)];
    }

    /// <summary>Lets the ledger recover the end of its log, if the open could not, and reads again what is stored. A projection that is refused then is not written any more, and each read throws the reason.</summary>
    /// <exception cref="AppendFailedException">The ledger cannot be written now, such as for want of space.</exception>
    public async ValueTask RecoverAsync(CancellationToken cancellationToken)
    {
        if (!_awaitsRecovery) return;
        await _reopening.TakeAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_awaitsRecovery) return;
            if (!_hasRecovered) await _host.AppendAsync([NewCell.Delete(ProjectionCells.Bucket, ProjectionCells.Recovery).AsOwn()]).ConfigureAwait(false);
            _hasRecovered = true;
            var host = _host with { ReadsOnly = false };
            var reopened = new List<KeptProjection>();
            foreach (var before in _kept.Values)
            {
                try
                {
                    var one = Create(host, before.Definition, before.IsInline);
                    await one.OpenAsync(cancellationToken).ConfigureAwait(false);
                    one.AnswerIfItMayBeBehind();
                    reopened.Add(one);
                }
                catch (ProjectionRefusedException)
                {
                    // FindAsync meets the same.
                }
            }

            foreach (var one in reopened) _kept[one.Definition.Name] = one;
            _host = host;
            FindFoldedByAppends();
            _isOpen = true;
            _awaitsRecovery = false; // last: who sees it uses what was reopened
        }
        finally
        {
            _reopening.End();
        }
    }

    /// <summary>Folds up to the facts of an append, so that a read after it sees them. It never fails the append.</summary>
    public async ValueTask<AppendOutcome> FoldAsync(ValueTask<AppendOutcome> append)
    {
        var outcome = await append.ConfigureAwait(false);
        var last = outcome switch
        {
            AppendOutcome.Committed committed => committed.Receipt.LastPosition,
            AppendOutcome.Duplicate duplicate => duplicate.Receipt.LastPosition,
            _ => Position.None,
        };
        foreach (var version in _inline)
        {
            try
            {
                if (version.Seen < last) await version.FoldToAsync(last, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception notNow) when (notNow is FactstoneException or ObjectDisposedException)
            {
                // The append is durable. A read of the projection meets the same, or folds it.
            }
        }

        return outcome;
    }

    /// <summary>Lets the versions that answer fold facts that are about to be dropped, and write snapshots that cover them. A version that is being built and is far behind does not hold up a truncation.</summary>
    /// <param name="stream">The stream of the facts.</param>
    /// <param name="last">The position of the last of them.</param>
    /// <param name="cancellationToken">Ends the fold.</param>
    public async ValueTask CoverAsync(StreamName stream, Position last, CancellationToken cancellationToken)
    {
        await RecoverAsync(cancellationToken).ConfigureAwait(false);
        foreach (var one in _kept.Values)
            foreach (var version in one.ReadsOnly ? [] : one.CoveredBeforeDropping(last))
                if (version.Definition.Source!.MayMatch(stream)) await version.CoverAsync(last, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The projection that a definition belongs to.</summary>
    /// <exception cref="ProjectionRefusedException">The ledger does not keep it.</exception>
    public async ValueTask<KeptProjection> FindAsync(Projection definition, CancellationToken cancellationToken)
    {
        var kept = Find(definition);
        if (!kept.ReadsOnly) return kept;

        // The writer may have made another version the current one meanwhile, or have begun a build anew; or the end of the log was recovered.
        await _reopening.TakeAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            kept = Find(definition);
            if (!kept.ReadsOnly || !await kept.HasChangedAsync(cancellationToken).ConfigureAwait(false)) return kept;
            var reopened = Create(_host with { ReadsOnly = true }, kept.Definition, kept.IsInline);
            await reopened.OpenAsync(cancellationToken).ConfigureAwait(false);
            return _kept[definition.Name] = reopened;
        }
        finally
        {
            _reopening.End();
        }
    }

    KeptProjection Find(Projection definition) =>
        _kept.TryGetValue(definition.Name, out var kept)
            ? kept
            : throw new ProjectionRefusedException(definition.Name, definition.Version, "this ledger does not keep it. Open the ledger with it in LedgerOptions.InlineProjections or AsyncProjections, or fold it now with ProjectAsync.");

    /// <summary>Whether a projection of this name is kept here.</summary>
    public KeptProjection? Find(string name) => _kept.GetValueOrDefault(name);

    /// <summary>Ends the background work and writes the last snapshots. Never fails: what is not written is folded again by the next open.</summary>
    public async ValueTask CloseAsync()
    {
        await _host.Closing.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_running).ConfigureAwait(false);
        if (!_isOpen) return; // what is stored was refused, and is left as it is
        foreach (var one in _kept.Values) await one.CloseAsync().ConfigureAwait(false);
    }

    async Task RunAsync()
    {
        try
        {
            while (!await TryRecoverAsync().ConfigureAwait(false)) await Task.Delay(ProjectionHost.RetryAfter, _host.Closing.Token).ConfigureAwait(false);
        }
        catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException)
        {
            return; // the ledger is closed
        }

        await Task.WhenAll(_kept.Values.Where(static one => !one.ReadsOnly).Select(one => Task.Run(() => RunAsync(one)))).ConfigureAwait(false);
    }

    async ValueTask<bool> TryRecoverAsync()
    {
        try
        {
            await RecoverAsync(_host.Closing.Token).ConfigureAwait(false);
            return true;
        }
        catch (FactstoneException)
        {
            return false;
        }
    }

    async Task RunAsync(KeptProjection one)
    {
        try
        {
            await one.RunAsync(_host.Closing.Token).ConfigureAwait(false);
        }
        catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException or FactstoneException)
        {
            // The ledger is closed, or cannot be read; a read of the projection says why.
        }
    }

    KeptProjection Create(ProjectionHost host, Projection definition, bool isInline) => new(host, definition, isInline) { Changed = FindFoldedByAppends };

    void FindFoldedByAppends()
    {
        lock (_finding) _inline = [.. _kept.Values.Where(static one => !one.ReadsOnly).SelectMany(static one => one.FoldedByAppends)];
    }
}

/// <summary>A ledger that keeps projections.</summary>
/// <remarks>An interface of its own, because an internal member of <see cref="ILedger"/> could not be implemented by mocks and proxies.</remarks>
internal interface IProjectionSource
{
    /// <summary>The projections that it keeps; null for none.</summary>
    KeptProjections? Projections { get; }
}
