namespace Factstone;

/// <summary>One cell of a <see cref="PreparedAppend"/>: the offsets of its parts in the append's buffer.</summary>
internal readonly struct PreparedCell
{
    public required CellName Cell { get; init; }

    public required bool IsDelete { get; init; }

    public required CellDigest Digest { get; init; }

    /// <summary>Offset of bucket, name and value, without gaps.</summary>
    public required int At { get; init; }

    public required int BucketLength { get; init; }

    public required int NameLength { get; init; }

    public required int ValueLength { get; init; }

    public int ValueAt => At + BucketLength + NameLength;
}
