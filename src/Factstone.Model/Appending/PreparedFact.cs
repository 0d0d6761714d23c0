namespace Factstone;

/// <summary>One fact of a <see cref="PreparedAppend"/>: the offsets of its parts in the append's buffer.</summary>
internal readonly struct PreparedFact
{
    public required StreamName Stream { get; init; }

    public required bool Retracts { get; init; }

    public required string? Type { get; init; }

    /// <summary>Distinct, in the order of unsigned UTF-8 bytes.</summary>
    public required string[] Tags { get; init; }

    /// <summary>Whether the payload, if there is one, is JSON.</summary>
    public required bool IsJson { get; init; }

    /// <summary>Index of the fact of the same append that caused it, or −1. Only the writer knows the id of that fact.</summary>
    public required int CausationIndex { get; init; }

    /// <summary>Offset of the header fields that a caller can know, in order.</summary>
    public required int HeaderAt { get; init; }

    public required int HeaderLength { get; init; }

    /// <summary>Offset of salt, metadata and payload, without gaps.</summary>
    public int BodyAt => HeaderAt + HeaderLength;

    public int BodyLength => FactHash.SaltBytes + MetadataLength + PayloadLength;

    public required int MetadataLength { get; init; }

    public required int PayloadLength { get; init; }
}
