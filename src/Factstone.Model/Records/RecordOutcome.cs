namespace Factstone;

/// <summary>What became of a conditional write of a record.</summary>
/// <typeparam name="T">The type of the values.</typeparam>
public abstract record RecordOutcome<T> where T : notnull
{
    private RecordOutcome() { }

    /// <summary>The value, or the retraction, is durable.</summary>
    /// <param name="Receipt">Its position, version and time.</param>
    public sealed record Written(AppendReceipt Receipt) : RecordOutcome<T>;

    /// <summary>The record was not as expected; nothing was written.</summary>
    /// <param name="Actual">The record, as it was when the condition failed or later; null if it has no value.</param>
    public sealed record Conflict(Record<T>? Actual) : RecordOutcome<T>;
}
