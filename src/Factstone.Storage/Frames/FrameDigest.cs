using System.Security.Cryptography;

namespace Factstone.Storage;

/// <summary>A digest of the content of a whole frame, independent of its location: equal for an append and its copy in another segment.</summary>
internal static class FrameDigest
{
    /// <summary>The digest of a whole frame.</summary>
    /// <param name="frame">Its bytes.</param>
    /// <param name="header">Its header.</param>
    public static Int128 Of(ReadOnlySpan<byte> frame, in FrameHeader header)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(frame.Slice(FrameFormat.FixedBytes, header.HeaderBytes - FrameFormat.FixedBytes - sizeof(uint))); // append id, and the time of a frame without facts
        hash.AppendData([(byte)header.AppendIdLength]);
        var at = header.HeaderBytes;
        for (var i = 0; i < header.FactCount; i++)
        {
            FactFormat.TryReadLengths(frame[at..], out var fact);
            hash.AppendData(frame.Slice(at + fact.HeaderAt, fact.HeaderLength));
            hash.AppendData(frame.Slice(at + fact.BodyAt, fact.BodyLength));
            at += fact.Length;
        }

        for (var i = 0; i < header.CellCount; i++)
        {
            CellFormat.TryReadLengths(frame[at..], out var cell);
            hash.AppendData(frame.Slice(at, cell.ChecksumsAt));
            hash.AppendData(frame.Slice(at + cell.ValueAt, cell.ValueLength));
            at += cell.Length;
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        return System.Buffers.Binary.BinaryPrimitives.ReadInt128LittleEndian(digest);
    }
}
