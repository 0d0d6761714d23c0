using System.Buffers;
using System.Text;

namespace Factstone;

/// <summary>An append that is checked, and encoded as far as a caller can. Only the writer knows position, version, time, and causes within the append.</summary>
/// <remarks>The buffer is rented. <see cref="Release"/> returns it, once, when no thread reads from it any more.</remarks>
internal sealed class PreparedAppend
{
    /// <summary>No condition on the version.</summary>
    public static readonly StreamVersion AnyVersion = new(-1);

    byte[]? _buffer;

    public PreparedAppend(string? appendId, IReadOnlyList<AppendCondition> conditions, PreparedFact[] facts, PreparedCell[] cells, byte[] buffer, int bytes)
    {
        AppendId = appendId;
        AppendIdBytes = appendId is null ? [] : Encoding.UTF8.GetBytes(appendId);
        Conditions = conditions;
        Facts = facts;
        Cells = cells;
        _buffer = buffer;
        Bytes = bytes;
        foreach (var condition in conditions) QueryNames += condition.Query?.NameCount ?? 0;
    }

    public string? AppendId { get; }

    public byte[] AppendIdBytes { get; }

    public RepeatPolicy OnRepeat { get; init; }

    /// <summary>The version that the stream of its only fact must have; <see cref="AnyVersion"/> for an append without this condition.</summary>
    public StreamVersion Expected { get; init; } = AnyVersion;

    /// <summary>Receives the place of the append; null for none.</summary>
    public AppendAcceptance? Acceptance { get; init; }

    public IReadOnlyList<AppendCondition> Conditions { get; }

    /// <summary>How many names the queries of its conditions have; 0 without such queries.</summary>
    public int QueryNames { get; }

    public PreparedFact[] Facts { get; }

    public PreparedCell[] Cells { get; }

    /// <summary>Bytes in memory; at least as many as the append takes on disk.</summary>
    public int Bytes { get; }

    public ReadOnlySpan<byte> Header(in PreparedFact fact) => Buffer.AsSpan(fact.HeaderAt, fact.HeaderLength);

    public ReadOnlySpan<byte> Body(in PreparedFact fact) => Buffer.AsSpan(fact.BodyAt, fact.BodyLength);

    public ReadOnlySpan<byte> Payload(in PreparedFact fact) =>
        Buffer.AsSpan(fact.BodyAt + FactHash.SaltBytes + fact.MetadataLength, fact.PayloadLength);

    /// <summary>Bucket and name, without a gap.</summary>
    public ReadOnlySpan<byte> Names(in PreparedCell cell) => Buffer.AsSpan(cell.At, cell.BucketLength + cell.NameLength);

    public ReadOnlySpan<byte> Value(in PreparedCell cell) => Buffer.AsSpan(cell.ValueAt, cell.ValueLength);

    byte[] Buffer => _buffer ?? throw new InvariantException("an append is read only until it is released");

    public void Release()
    {
        var buffer = Interlocked.Exchange(ref _buffer, null);
        if (buffer is not null) ArrayPool<byte>.Shared.Return(buffer);
    }
}
