namespace Factstone;

/// <summary>What became of a conditional write of a key/value entry.</summary>
/// <typeparam name="T">The type of the value.</typeparam>
public abstract record KeyValueOutcome<T> where T : notnull
{
    private KeyValueOutcome() { }

    /// <summary>The value is durable.</summary>
    /// <param name="Entry">The entry as it was stored.</param>
    public sealed record Stored(KeyValueEntry<T> Entry) : KeyValueOutcome<T>;

    /// <summary>The delete is durable.</summary>
    /// <param name="Version">The version of the delete. The next value has the following one.</param>
    public sealed record Deleted(CellVersion Version) : KeyValueOutcome<T>;

    /// <summary>The entry was not as expected; nothing was written.</summary>
    /// <param name="Actual">The entry, read after the condition failed; null if it has no value.</param>
    public sealed record Conflict(KeyValueEntry<T>? Actual) : KeyValueOutcome<T>;
}
