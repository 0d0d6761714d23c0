namespace Factstone;

/// <summary>An append did not commit. Thrown by the calls that return a receipt instead of an outcome.</summary>
public abstract class AppendFailedException : FactstoneException
{
    private protected AppendFailedException(string message, Exception? inner = null) : base(message, inner) { }
}

/// <summary>A condition did not hold; nothing was written.</summary>
public sealed class AppendConflictException : AppendFailedException
{
    internal AppendConflictException(AppendOutcome.Conflict conflict)
        : base($"{conflict} Read the current state and decide again.") =>
        Conflict = conflict;

    /// <summary>Each attempt of a decision met another writer.</summary>
    internal AppendConflictException(AppendOutcome.Conflict conflict, int attempts)
        : base($"{conflict} The decision was made {(attempts == 1 ? "once" : $"{attempts} times")}, and another writer came first each time. Call again, or raise AttemptsMax.") =>
        Conflict = conflict;

    /// <summary>The failing condition, and the facts that caused the conflict.</summary>
    public AppendOutcome.Conflict Conflict { get; }
}

/// <summary>A call that repeats itself after conflicts has met a write by another caller at each attempt; nothing was written.</summary>
public sealed class TooManyConflictsException : AppendFailedException
{
    /// <summary>The usual number of attempts.</summary>
    internal const int AttemptsMax = 20;

    internal TooManyConflictsException(string what, int attempts)
        : base($"Nothing was written: each of {attempts} attempts to change {what} met a write by another caller. Try again, or let fewer callers change it at once.") =>
        Attempts = attempts;

    /// <summary>How many attempts were made.</summary>
    public int Attempts { get; }

    /// <inheritdoc/>
    public override bool IsTransient => true;
}

/// <summary>The append id belongs to an append with other facts; nothing was written.</summary>
public sealed class AppendIdReusedException : AppendFailedException
{
    internal AppendIdReusedException(AppendOutcome.AppendIdReused reused)
        : base($"Nothing was appended: the append id '{reused.AppendId}' was used before, {(reused.Receipt.Count > 0 ? $"at position {reused.Receipt.FirstPosition}" : $"after position {reused.Receipt.LastPosition}")}, with other content: {reused.Difference} differs. Give a new append a new id. If the id alone decides, set OnRepeat to SameId.") =>
        Reused = reused;

    /// <summary>The id and the receipt that it belongs to.</summary>
    public AppendOutcome.AppendIdReused Reused { get; }
}

/// <summary>A rule or unique index refused the append; nothing was written.</summary>
public sealed class AppendRejectedException : AppendFailedException
{
    internal AppendRejectedException(AppendOutcome.Rejected rejected) : base($"Nothing was appended: '{rejected.By}' refused it: {rejected.Reason}") => Rejected = rejected;

    /// <summary>What refused it, and why.</summary>
    public AppendOutcome.Rejected Rejected { get; }
}

/// <summary>The disk failed during the write: the append may or may not exist after the next open.</summary>
public sealed class AppendUnknownException : AppendFailedException
{
    internal AppendUnknownException(AppendOutcome.Unknown unknown)
        : base(
            $"It is unknown whether the append is durable: {unknown.Cause.Message} Open the ledger again and "
            + (unknown.AppendId is { } id ? $"call FindAppendAsync(\"{id}\"), or send the append again under the same id." : unknown.LastPosition < unknown.FirstPosition ? "read its cells." : $"read positions {unknown.FirstPosition}..{unknown.LastPosition}."),
            unknown.Cause) =>
        Unknown = unknown;

    /// <summary>The append id and the positions that show after a reopen whether the append exists.</summary>
    public AppendOutcome.Unknown Unknown { get; }
}

/// <summary>An append that was sent by an appender failed; the message and the properties name it.</summary>
/// <remarks>The inner exception says why: what the append would have thrown alone, such as <see cref="AppendConflictException"/> or <see cref="LedgerFullException"/>.</remarks>
public sealed class AppenderFailedException : AppendFailedException
{
    internal AppenderFailedException(long index, AppendRequest request, Exception failure)
        : base($"The append with index {index} of this appender{Named(request)} failed: {failure.Message}", failure) => (Index, Request) = (index, request);

    /// <summary>The number of appends that the appender had sent before it.</summary>
    public long Index { get; }

    /// <summary>The request that failed, as it was sent.</summary>
    public AppendRequest Request { get; }

    /// <inheritdoc/>
    public override bool IsTransient => InnerException is FactstoneException { IsTransient: true };

    static string Named(AppendRequest request)
    {
        if (request.AppendId is { } id) return $", id '{id}',";
        if (request.Facts is [var fact, ..]) return $", {request.Facts.Count:N0} {(request.Facts.Count == 1 ? "fact" : "facts")} from {NameCheck.Shown(fact.Stream.ToString())} on,";
        return request.Cells is [var cell, ..] ? $", {request.Cells.Count:N0} {(request.Cells.Count == 1 ? "cell" : "cells")} from {NameCheck.Shown(cell.Cell.ToString())} on," : "";
    }
}
