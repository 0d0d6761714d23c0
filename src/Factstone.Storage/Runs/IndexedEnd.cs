namespace Factstone.Storage;

/// <summary>A lower bound for the end of the log: its last position and its last RecordedAt are at least these.</summary>
/// <param name="Path">The index file that proves it.</param>
/// <param name="Last">The last position.</param>
/// <param name="LastTime">The last RecordedAt, which may belong to an append that has only cells.</param>
internal readonly record struct IndexedEnd(string Path, Position Last, long LastTime)
{
    /// <summary>Whether a log that ends here has lost something.</summary>
    public bool IsBeyond(Position next, long lastTime) => Last >= next || LastTime > lastTime;

    public Damage Damage(Position next) => Last >= next
        ? new Damage(Path, 0, next, Last, "This index file covers facts that are missing from the log. They were durable: the files of the log are older than the index, or have lost their end.")
        : new Damage(Path, 0, Position.None, Position.None, $"This index file covers an append, recorded at {Microseconds.ToText(Microseconds.ToTime(LastTime))}, that is missing from the log.");
}
