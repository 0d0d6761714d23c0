namespace Factstone;

/// <summary>One fact of a <see cref="PreparedAppend"/>: where its parts stand in the append's buffer.</summary>
internal readonly struct PreparedFact
{
    public required StreamName Stream { get; init; }

    public required bool Retracts { get; init; }

    public required string? Type { get; init; }

    /// <summary>Distinct, in the order of unsigned UTF-8 bytes.</summary>
    public required string[] Tags { get; init; }

    /// <summary>Whether the payload, if there is one, is JSON.</summary>
    public required bool IsJson { get; init; }

    /// <summary>Index of the fact of the same append that caused it, or −1: only the writer knows that fact's id.</summary>
    public required int CausationIndex { get; init; }

    /// <summary>The header's fields that a caller can know, in order.</summary>
    public required int HeaderAt { get; init; }

    public required int HeaderLength { get; init; }

    /// <summary>Salt, metadata and payload, one behind the other.</summary>
    public int BodyAt => HeaderAt + HeaderLength;

    public int BodyLength => FactHash.SaltBytes + MetadataLength + PayloadLength;

    public required int MetadataLength { get; init; }

    public required int PayloadLength { get; init; }
}
