namespace Factstone;

/// <summary>What the writer decided of one append. Whatever takes reading or comparing is done from it later, on another thread.</summary>
internal abstract class AppendDecision
{
    public sealed class Accepted(AppendReceipt receipt) : AppendDecision
    {
        public AppendReceipt Receipt => receipt;
    }

    /// <summary>An append with its id is there.</summary>
    /// <param name="span">Where.</param>
    public sealed class Repeat(AppendSpan span) : AppendDecision
    {
        public AppendSpan Span => span;
    }

    /// <summary>A condition does not hold.</summary>
    /// <param name="condition">The first that does not.</param>
    public sealed class Conflict(AppendCondition condition) : AppendDecision
    {
        public AppendCondition Condition => condition;

        /// <summary>Its stream's head then.</summary>
        public StreamState Actual { get; init; }

        /// <summary>Its cell's version then.</summary>
        public CellVersion ActualCellVersion { get; init; }

        /// <summary>The first fact that matched its query, and the last position that was looked at.</summary>
        public Position FirstMatch { get; init; }

        public Position Until { get; init; }
    }

    /// <summary>Nothing of it was written.</summary>
    public sealed class Failed(Exception exception) : AppendDecision
    {
        public Exception Exception => exception;
    }

    /// <summary>It was to be written as the receipt says, and nobody knows whether it is durable.</summary>
    public sealed class Unknown(AppendReceipt receipt, FactstoneException cause) : AppendDecision
    {
        public AppendReceipt Receipt => receipt;

        public FactstoneException Cause => cause;
    }
}
