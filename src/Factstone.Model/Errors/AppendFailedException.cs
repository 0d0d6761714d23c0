namespace Factstone;

/// <summary>An append did not commit: thrown by the calls that return a receipt instead of an outcome.</summary>
public abstract class AppendFailedException : FactstoneException
{
    private protected AppendFailedException(string message, Exception? inner = null) : base(message, inner) { }
}

/// <summary>A condition did not hold; nothing was written.</summary>
public sealed class AppendConflictException : AppendFailedException
{
    internal AppendConflictException(AppendOutcome.Conflict conflict)
        : base($"Nothing was appended: the condition '{conflict.Condition}' does not hold; {Actual(conflict)}. Read what is new and decide again.") =>
        Conflict = conflict;

    /// <summary>The failing condition and the facts that beat it.</summary>
    public AppendOutcome.Conflict Conflict { get; }

    static string Actual(AppendOutcome.Conflict conflict)
    {
        if (conflict.Condition.Query is not null) return $"the fact at position {conflict.FirstMatch} matches";
        return conflict.Condition.IsOnCell ? $"the cell is at version {conflict.ActualCellVersion}" : $"the stream is at version {conflict.ActualVersion}";
    }
}

/// <summary>The append id belongs to an append with other facts; nothing was written.</summary>
public sealed class AppendIdReusedException : AppendFailedException
{
    internal AppendIdReusedException(AppendOutcome.AppendIdReused reused)
        : base($"Nothing was appended: the append id '{reused.AppendId}' was used before, {(reused.Receipt.Count > 0 ? $"at position {reused.Receipt.FirstPosition}" : $"after position {reused.Receipt.LastPosition}")}, with other content ({reused.Difference}). Give a new append a new id.") =>
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

/// <summary>The disk failed while the append was being written: it may or may not be there after the next open.</summary>
public sealed class AppendUnknownException : AppendFailedException
{
    internal AppendUnknownException(AppendOutcome.Unknown unknown)
        : base(
            $"Nobody knows whether the append is durable: {unknown.Cause.Message} Open the ledger again and "
            + (unknown.AppendId is { } id ? $"ask FindAppendAsync(\"{id}\"), or send the append again under the same id." : unknown.LastPosition < unknown.FirstPosition ? "read its cells." : $"look at positions {unknown.FirstPosition}..{unknown.LastPosition}."),
            unknown.Cause) =>
        Unknown = unknown;

    /// <summary>Where to look.</summary>
    public AppendOutcome.Unknown Unknown { get; }
}
