namespace Factstone;

/// <summary>The durable evidence of an append: where its facts are.</summary>
public sealed record AppendReceipt
{
    /// <summary>The position of the first fact.</summary>
    public required Position FirstPosition { get; init; }

    /// <summary>The position of the last fact.</summary>
    public required Position LastPosition { get; init; }

    /// <summary>When the ledger committed it; every fact of the append has this time, and no other append has.</summary>
    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>The last version of each stream that was written, in the order in which the append first wrote to them.</summary>
    public required IReadOnlyList<StreamAndVersion> Versions { get; init; }

    /// <summary>How many facts were appended.</summary>
    public long Count => LastPosition.Value - FirstPosition.Value + 1;

    /// <summary>The last version of the stream, where the append wrote to one only.</summary>
    /// <exception cref="InvalidOperationException">It wrote to several streams: see <see cref="Versions"/>.</exception>
    public StreamVersion StreamVersion => Versions is [var only]
        ? only.Version
        : throw new InvalidOperationException($"The append wrote to {Versions.Count} streams; Versions has a version for each.");

    /// <summary>Positions, time, and the first few streams with their versions.</summary>
    public override string ToString() =>
        $"@{FirstPosition}..@{LastPosition} {Microseconds.ToText(RecordedAt)} {string.Join(", ", Versions.Take(3))}{(Versions.Count > 3 ? $" and {Versions.Count - 3} more" : "")}";
}

/// <summary>A stream and a version of it.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Version">The version.</param>
public readonly record struct StreamAndVersion(StreamName Stream, StreamVersion Version)
{
    /// <summary>The stream's text and the version, such as <c>orders/42 v3</c>.</summary>
    public override string ToString() => $"{Stream} v{Version}";
}
