using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>What tells a place in the log from the same place in a log that went on differently: the nonce of its segment, and the four bytes before it.</summary>
/// <remarks>These four bytes are the trailer of the frame that ends there, or the checksum of the segment's header where no frame stands before it.</remarks>
internal readonly record struct LogMark(ulong Nonce, uint Checksum)
{
    /// <summary>Reads the mark of a place; null where the file ends before it.</summary>
    public static LogMark? Read(Segment segment, long fileOffset)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        var isThere = fileOffset >= SegmentHeader.Bytes && segment.File.Read(bytes, fileOffset - bytes.Length) == bytes.Length;
        return isThere ? new LogMark(segment.Header.Nonce, BinaryPrimitives.ReadUInt32LittleEndian(bytes)) : null;
    }
}
