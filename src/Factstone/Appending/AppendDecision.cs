namespace Factstone;

/// <summary>The writer's decision on one append. Reads and comparisons that the answer needs are done later, on another thread.</summary>
internal abstract class AppendDecision
{
    /// <summary>The append is written with its group. Its receipt is that of the <see cref="PendingAppend"/>, so that one object serves all.</summary>
    public static readonly AppendDecision Accepted = new AcceptedAppend();

    sealed class AcceptedAppend : AppendDecision;

    /// <summary>An append with its id exists.</summary>
    /// <param name="span">Its positions.</param>
    public sealed class Repeat(AppendSpan span) : AppendDecision
    {
        public AppendSpan Span => span;
    }

    /// <summary>A condition does not hold.</summary>
    /// <param name="condition">The first one that does not hold.</param>
    public sealed class Conflict(AppendCondition condition) : AppendDecision
    {
        public AppendCondition Condition => condition;

        /// <summary>The head of its stream at the decision.</summary>
        public StreamState Actual { get; init; }

        /// <summary>The version of its cell at the decision.</summary>
        public CellVersion ActualCellVersion { get; init; }

        /// <summary>The first fact that matched its query, and the last position that was searched.</summary>
        public Position FirstMatch { get; init; }

        public Position Until { get; init; }
    }

    /// <summary>Nothing of the append was written.</summary>
    public sealed class Failed(Exception exception) : AppendDecision
    {
        public Exception Exception => exception;
    }

    /// <summary>The append would have the given receipt, but it is unknown whether it is durable.</summary>
    public sealed class Unknown(AppendReceipt receipt, FactstoneException cause) : AppendDecision
    {
        public AppendReceipt Receipt => receipt;

        public FactstoneException Cause => cause;
    }
}
