using System.Runtime.CompilerServices;

namespace Factstone;

/// <summary>Reads the projections that a ledger keeps: those of <c>LedgerOptions.InlineProjections</c> and <c>AsyncProjections</c>.</summary>
public static class ProjectionReading
{
    static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>The state of a group of a kept projection, or of one without groups.</summary>
    /// <remarks>
    /// An inline projection has every fact whose append was answered before the call. An async one may be behind; <paramref name="atLeast"/> says
    /// how far it must be. As long as a version is built, the one that it replaces answers, if its state has the same type; otherwise the
    /// read waits. A read-only ledger folds what came after the last snapshot, up to its head.
    /// </remarks>
    /// <param name="ledger">The ledger that keeps the projection.</param>
    /// <param name="projection">The definition with which the ledger was opened, or the one that it replaces.</param>
    /// <param name="key">The group; null for a projection without groups. A group without a fact has the seed.</param>
    /// <param name="atLeast">The read waits until the projection has seen this position, such as <see cref="AppendReceipt.LastPosition"/>; it may be ahead of the ledger. Null for no wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The state, and the position up to which every fact is in it.</returns>
    /// <exception cref="ProjectionRefusedException">The ledger does not keep this definition.</exception>
    /// <exception cref="ProjectionFailedException">The projection has failed; the exception names the fact.</exception>
    /// <exception cref="ArgumentException">A key is missing, or there is one and the projection has no groups, or no group can have it.</exception>
    /// <exception cref="LedgerIOException">The disk cannot be read, now or when an append was to be folded. The next read tries again.</exception>
    /// <exception cref="ObjectDisposedException">The ledger was closed.</exception>
    public static async ValueTask<Projected<TState>> ReadProjectionAsync<TState>(this ILedger ledger, Projection<TState> projection, string? key = null, Position? atLeast = null, CancellationToken cancellationToken = default)
    {
        var keeping = Keeping(ledger, projection);
        Check(projection, key, atLeast);
        while (true)
        {
            var kept = await keeping.FindAsync(projection, cancellationToken).ConfigureAwait(false);
            var build = kept.Build;
            var version = await AnsweringAsync(ledger, kept, projection, atLeast ?? Position.None, cancellationToken).ConfigureAwait(false);
            if (await version.TryReadAsync(key ?? "", cancellationToken).ConfigureAwait(false) is { } read && kept.IsAnswering(version, build)) return read;
            await Task.Yield(); // it is built again; the next wait ends when it answers
        }
    }

    /// <summary>The groups of a kept projection that have a fact, in the order of their keys (unsigned UTF-8 bytes). Each has its state when it is reached.</summary>
    /// <param name="ledger">The ledger that keeps the projection.</param>
    /// <param name="projection">The definition with which the ledger was opened, or the one that it replaces.</param>
    /// <param name="options">Which groups, and how far the projection must be; null for all.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="ProjectionRefusedException">The ledger does not keep this definition.</exception>
    /// <exception cref="ProjectionFailedException">The projection has failed; the exception names the fact.</exception>
    /// <exception cref="ArgumentException">The projection has no groups, or an option is refused.</exception>
    public static async IAsyncEnumerable<Projected<TState>> ListProjectionAsync<TState>(this ILedger ledger, Projection<TState> projection, ProjectionListOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var keeping = Keeping(ledger, projection);
        options ??= new ProjectionListOptions();
        Check(projection, options);
        if (options.Limit == 0) yield break;

        var left = options.Limit ?? long.MaxValue;
        var after = options.After;
        while (true)
        {
            var kept = await keeping.FindAsync(projection, cancellationToken).ConfigureAwait(false);
            var build = kept.Build;
            var version = await AnsweringAsync(ledger, kept, projection, options.AtLeast, cancellationToken).ConfigureAwait(false);
            var isComplete = true;
            await foreach (var key in version.ListKeysAsync(options.Prefix, after, cancellationToken).ConfigureAwait(false))
            {
                var read = await version.TryReadAsync(key, cancellationToken).ConfigureAwait(false);
                isComplete = read is not null && kept.IsAnswering(version, build);
                if (!isComplete) break; // another version answers now, and the list goes on with it
                yield return read!;
                if (--left == 0) yield break;
                after = key;
            }

            if (!isComplete || !kept.IsAnswering(version, build)) continue;
            if (version.Failure is { } failure) throw failure; // it has failed before it had a group
            yield break;
        }
    }

    /// <summary>Writes a snapshot of a kept projection now, so that the next open folds only what comes after. It is durable when it returns.</summary>
    /// <returns>Every fact of the source up to this position is in the snapshot.</returns>
    /// <exception cref="InvalidOperationException">The ledger is read-only.</exception>
    /// <exception cref="ProjectionRefusedException">The ledger does not keep this definition.</exception>
    /// <exception cref="ProjectionFailedException">The projection has failed; the exception names the fact.</exception>
    /// <exception cref="AppendUnknownException">The disk failed during the write.</exception>
    /// <exception cref="LedgerFullException">The disk is full. The next snapshot writes it.</exception>
    public static async ValueTask<Position> SnapshotAsync(this ILedger ledger, Projection projection, CancellationToken cancellationToken = default)
    {
        var keeping = Keeping(ledger, projection);
        _ = await keeping.FindAsync(projection, cancellationToken).ConfigureAwait(false);
        if (ledger.IsReadOnly) throw new InvalidOperationException("The ledger was opened for reading only, so it cannot write a snapshot.");
        await keeping.RecoverAsync(cancellationToken).ConfigureAwait(false);
        var kept = await keeping.FindAsync(projection, cancellationToken).ConfigureAwait(false);
        if (kept.ReadsOnly) throw new ProjectionRefusedException(projection.Name, projection.Version, "it did not fit what the ledger has recovered, so this process does not write it. Open the ledger with a definition that fits.");
        var version = await kept.AnsweringAsync(projection, static _ => true, cancellationToken).ConfigureAwait(false);
        if (version.Failure is { } failure) throw failure;
        await version.SnapshotAsync().ConfigureAwait(false);
        return version.Checkpoint.Stored?.Cursor.Position ?? Position.None;
    }

    /// <summary>How far the newest version of a projection is that is being built, about four times a second, until it is the current one.</summary>
    /// <remarks>It returns nothing if the version is the current one already.</remarks>
    /// <exception cref="ProjectionRefusedException">The ledger does not keep this definition.</exception>
    /// <exception cref="ProjectionFailedException">The version has failed; the exception names the fact. The one that it replaces answers on.</exception>
    /// <exception cref="ObjectDisposedException">The ledger was closed.</exception>
    public static async IAsyncEnumerable<ProjectionProgress> WatchRebuildAsync(this ILedger ledger, Projection projection, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var keeping = Keeping(ledger, projection);
        while (true)
        {
            var kept = await keeping.FindAsync(projection, cancellationToken).ConfigureAwait(false);
            if (!projection.Equals(kept.Definition)) throw new ProjectionRefusedException(projection.Name, projection.Version, $"it is not built: this ledger keeps version {kept.Definition.Version}.");
            if (await kept.ProgressAsync(cancellationToken).ConfigureAwait(false) is not { } progress) yield break;
            yield return progress;
            await Task.WhenAny(kept.BecomesCurrent, Task.Delay(ProgressInterval, cancellationToken)).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    static async ValueTask<KeptVersion<TState>> AnsweringAsync<TState>(ILedger ledger, KeptProjection kept, Projection<TState> projection, Position atLeast, CancellationToken cancellationToken)
    {
        var version = (KeptVersion<TState>)await kept.AnsweringAsync(projection, static version => version is KeptVersion<TState>, cancellationToken).ConfigureAwait(false);

        // Appends fold inline projections. What they could not fold, because of an error of the disk, and what a late recovery has brought back is folded here.
        if (kept.ReadsOnly || kept.IsInline) await version.FoldToAsync(await ledger.GetHeadAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        if (version.Seen < atLeast && version.Failure is null)
        {
            var isOpen = await kept.WaitForHeadAsync(atLeast, cancellationToken).ConfigureAwait(false);
            ObjectDisposedException.ThrowIf(!isOpen, ledger);
            await version.FoldToAsync(atLeast, cancellationToken).ConfigureAwait(false);
        }

        return version;
    }

    static KeptProjections Keeping(ILedger ledger, Projection projection)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        ArgumentNullException.ThrowIfNull(projection);
        return (ledger as IProjectionSource)?.Projections
            ?? throw new ProjectionRefusedException(projection.Name, projection.Version, "this ledger keeps no projections. Open it with LedgerOptions.InlineProjections or AsyncProjections, or fold the projection now with ProjectAsync.");
    }

    static void Check<TState>(Projection<TState> projection, string? key, Position? atLeast)
    {
        if (projection.Grouping == ProjectionGrouping.None && key is not null) throw new ArgumentException($"Projection '{projection.Name}' has no groups, so it has one state. Read it without a key.", nameof(key));
        if (projection.Grouping != ProjectionGrouping.None && key is null) throw new ArgumentNullException(nameof(key), $"Projection '{projection.Name}' has groups. Name the key of one, or list them with ListProjectionAsync.");
        if (key is not null && NameCheck.Text("The key", key, 0, FactLimits.KeyBytesMax) is { } wrong) throw new ArgumentException(wrong, nameof(key));
        Check(atLeast ?? Position.None);
    }

    static void Check<TState>(Projection<TState> projection, ProjectionListOptions options)
    {
        if (projection.Grouping == ProjectionGrouping.None) throw new ArgumentException($"Projection '{projection.Name}' has no groups. Read its state with ReadProjectionAsync.", nameof(projection));
        ArgumentNullException.ThrowIfNull(options.Prefix, nameof(options));
        var wrong = NameCheck.Text("The prefix", options.Prefix, 0, FactLimits.KeyBytesMax) ?? (options.After is { } after ? NameCheck.Text("The key to continue after", after, 0, FactLimits.KeyBytesMax) : null);
        if (wrong is not null) throw new ArgumentException(wrong, nameof(options));
        if (options.Limit is < 0) throw new ArgumentOutOfRangeException(nameof(options), options.Limit, "A limit must not be negative.");
        Check(options.AtLeast);
    }

    static void Check(Position atLeast)
    {
        if (atLeast.Value is < 0 or > Position.MaxValue) throw new ArgumentOutOfRangeException(nameof(atLeast), atLeast, $"Positions are from 0 to {Position.MaxValue}.");
    }
}
