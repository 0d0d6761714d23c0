using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>Distinguishes a location in the log from the same location in a log with different content: the nonce of its segment, and the four bytes before the location.</summary>
/// <remarks>These four bytes are the trailer of the frame that ends there. If there is no frame before the location, they are the checksum of the segment's header.</remarks>
internal readonly record struct LogMark(ulong Nonce, uint Checksum)
{
    /// <summary>Reads the mark of a location; null if the file ends before it.</summary>
    public static LogMark? Read(Segment segment, long fileOffset)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        var isThere = fileOffset >= SegmentHeader.Bytes && segment.Read(bytes, fileOffset - bytes.Length) == bytes.Length;
        return isThere ? new LogMark(segment.Header.Nonce, BinaryPrimitives.ReadUInt32LittleEndian(bytes)) : null;
    }
}
