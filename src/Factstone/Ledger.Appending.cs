
namespace Factstone;

public sealed partial class Ledger
{
    /// <inheritdoc/>
    public ValueTask<AppendOutcome> TryAppendAsync(AppendRequest request, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        if (_pipeline is not { } pipeline) throw new InvalidOperationException("The ledger was opened for reading only. Open it with OpenAsync to append.");
        return Folded(pipeline.Append(TypedFacts.Encode(request, _options.Types), cancellationToken), hasFacts: request.Facts.Count > 0);
    }

    /// <inheritdoc/>
    public ValueTask<AppendOutcome> TryAppendAsync(NewFact fact, StreamVersion expected, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        ArgumentNullException.ThrowIfNull(fact);
        if (_pipeline is not { } pipeline) throw new InvalidOperationException("The ledger was opened for reading only. Open it with OpenAsync to append.");
        return Folded(pipeline.Append(TypedFacts.Encode(fact, _options.Types), expected, cancellationToken), hasFacts: true);
    }

    /// <summary>The outcome, once the inline projections have the facts. No step runs on the writer's thread: the caller's continuation folds.</summary>
    ValueTask<AppendOutcome> Folded(ValueTask<AppendOutcome> append, bool hasFacts) =>
        hasFacts && _projections is { FoldsWithAppends: true } projections ? projections.FoldAsync(append) : append;

    /// <inheritdoc/>
    public ValueTask<AppendReceipt?> FindAppendAsync(string appendId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(appendId);
        if (NameCheck.Text("The append id", appendId, 1, FactLimits.AppendIdBytesMax) is { } wrong) throw new ArgumentException(wrong, nameof(appendId));
        RefreshReader(cancellationToken);
        return ValueTask.FromResult(_storage.FindAppend(appendId, cancellationToken) is { } span
            ? RepeatedAppend.Receipt(appendId, span, _storage, cancellationToken)
            : null);
    }
}
