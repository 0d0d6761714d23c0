using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>Reads frames of one segment and checks whether they are whole.</summary>
internal sealed class FrameReader(Segment segment, FileWindow window, Defect defect = Defect.None)
{
    public Segment Segment => segment;

    /// <summary>Reads the header of a frame that was written for this offset; false if there is none.</summary>
    public bool TryReadHeader(long fileOffset, out FrameHeader header)
    {
        const int HeaderBytesMax = FrameFormat.FixedBytes + FactLimits.AppendIdBytesMax + sizeof(long) + sizeof(uint);
        return FrameFormat.TryReadHeader(window.At(segment, fileOffset, HeaderBytesMax), fileOffset, segment.LedgerTag, segment.Seed, out header)
            && (header.CellCount == 0 || segment.Header.Format >= CellFormat.SinceFormat);
    }

    /// <summary>The bytes of the whole frame; fewer at the end of the segment.</summary>
    public ReadOnlySpan<byte> Bytes(in FrameHeader header)
    {
        var bytes = window.At(segment, header.FileOffset, header.FrameBytes);
        return bytes.Length > header.FrameBytes ? bytes[..header.FrameBytes] : bytes;
    }

    /// <summary>Bytes from any offset on, not beyond <paramref name="end"/>.</summary>
    public ReadOnlySpan<byte> BytesAt(long fileOffset, int bytes, long end)
    {
        var source = window.At(segment, fileOffset, (int)Math.Min(bytes, end - fileOffset));
        return source.Length > end - fileOffset ? source[..(int)(end - fileOffset)] : source;
    }

    /// <summary>Whether every checksum of the frame matches, its facts have the positions that follow from its header, and its trailer is right.</summary>
    public bool IsWhole(in FrameHeader header)
    {
        var frame = Bytes(header);
        if (frame.Length < header.FrameBytes) return false;
        if (header.Kind == FrameKind.Lost) return LostFormat.IsWhole(frame, header, segment.Seed);
        if (defect == Defect.HeaderIsEnough) return true;

        var trailer = segment.Seed;
        var at = header.HeaderBytes;
        var position = header.BasePosition;
        var end = header.FrameBytes - FrameFormat.TrailerBytes;
        for (var i = 0; i < header.FactCount; i++)
        {
            var source = frame[at..end];
            if (FactFormat.TryRead(source, segment.Seed, out var extent, out var fact) != FactStatus.Whole || fact.Position != position) return false;
            FactFormat.AddChecksums(source, extent, ref trailer);
            at += extent.Length;
            position = position.Next();
        }

        for (var i = 0; i < header.CellCount; i++)
        {
            var source = frame[at..end];
            if (CellFormat.TryRead(source, segment.Seed, out var extent) != CellStatus.Whole) return false;
            CellFormat.AddChecksums(source, extent, ref trailer);
            at += extent.Length;
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(frame[end..]) == FrameFormat.Trailer(trailer, header.Checksum, frame[at..end]);
    }

    /// <summary>Finds the first frame at or after an offset, in steps of the alignment, whose header is whole; false if there is none before <paramref name="end"/>.</summary>
    public bool TryFindHeader(long fileOffset, long end, out FrameHeader header)
    {
        header = default;
        for (var at = Aligned(fileOffset); at + FrameFormat.EmptyFrameBytes <= end;)
        {
            var bytes = window.At(segment, at, FrameFormat.EmptyFrameBytes);
            if (bytes.Length < FrameFormat.EmptyFrameBytes) return false;

            // Most of the scanned bytes are preallocated zeros.
            var zeros = bytes.IndexOfAnyExcept((byte)0);
            if (zeros < 0) zeros = bytes.Length;
            if (zeros >= FrameFormat.Alignment)
            {
                at += Math.Max(zeros / FrameFormat.Alignment * FrameFormat.Alignment, FrameFormat.Alignment);
                continue;
            }

            if (TryReadHeader(at, out header)) return true;
            at += FrameFormat.Alignment;
        }

        return false;
    }

    static long Aligned(long fileOffset) => (fileOffset + FrameFormat.Alignment - 1) / FrameFormat.Alignment * FrameFormat.Alignment;
}
