using System.Text.Json.Serialization;

namespace Factstone;

/// <summary>The durable evidence of an append: positions, versions and time.</summary>
[JsonConverter(typeof(LedgerJsonConverter))]
public sealed record AppendReceipt
{
    /// <summary>The position of the first fact. For an append without facts, the position after <see cref="LastPosition"/>, which does not belong to it.</summary>
    public required Position FirstPosition { get; init; }

    /// <summary>The position of the last fact. For an append without facts, the last position before it.</summary>
    public required Position LastPosition { get; init; }

    /// <summary>When the ledger committed it; every fact of the append has this time, and no other append has.</summary>
    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>The last version of each stream that was written, in the order of the first write to each.</summary>
    public required IReadOnlyList<StreamAndVersion> Versions { get; init; }

    /// <summary>The version of each cell that was written, in the order of the append; deletes included.</summary>
    public IReadOnlyList<CellAndVersion> CellVersions { get; init; } = [];

    /// <summary>How many facts were appended.</summary>
    public long Count => LastPosition.Value - FirstPosition.Value + 1;

    /// <summary>The last version of the stream, if the append wrote to one stream only.</summary>
    /// <exception cref="InvalidOperationException">It wrote to several streams, or to none: see <see cref="Versions"/>.</exception>
    public StreamVersion StreamVersion => Versions is [var only]
        ? only.Version
        : throw new InvalidOperationException($"The append wrote to {Versions.Count} streams; Versions has a version for each.");

    /// <summary>Positions, time, and the first few streams and cells with their versions.</summary>
    public override string ToString()
    {
        var written = Versions.Select(one => one.ToString()).Concat(CellVersions.Select(one => $"cell {one}"));
        var more = Versions.Count + CellVersions.Count - 3;
        return $"@{FirstPosition}..@{LastPosition} {Microseconds.ToText(RecordedAt)} {string.Join(", ", written.Take(3))}{(more > 0 ? $" and {more} more" : "")}";
    }
}

/// <summary>A stream and a version of it.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Version">The version.</param>
public readonly record struct StreamAndVersion(StreamName Stream, StreamVersion Version)
{
    /// <summary>The stream's text and the version, such as <c>orders/42 v3</c>.</summary>
    public override string ToString() => $"{Stream} v{Version}";
}
