using System.Text;
using System.Text.Json.Serialization;

namespace Factstone;

/// <summary>A named value of which only the latest is readable. It has no position and no history, and is in no feed.</summary>
[JsonConverter(typeof(LedgerJsonConverter))]
public sealed record Cell
{
    /// <summary>The family of cells that it belongs to.</summary>
    public required string Bucket { get; init; }

    /// <summary>The cell within the bucket.</summary>
    public required string Name { get; init; }

    /// <summary>The number of its writes, deletes included, from 1.</summary>
    public required CellVersion Version { get; init; }

    /// <summary>Its value, exactly as it was given; may be empty.</summary>
    public required ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>When the ledger committed the append that wrote it.</summary>
    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>The value, decoded as UTF-8.</summary>
    public string Text => Encoding.UTF8.GetString(Value.Span);

    /// <summary>Bucket, name and version.</summary>
    public override string ToString() => $"{Bucket}/{Name} v{Version}";
}
