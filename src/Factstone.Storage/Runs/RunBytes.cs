using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>The bytes of a run. Each block is checked before its bytes are returned.</summary>
/// <remarks>
/// If the file is mapped, a block is checked when it is first read, and again before a merge. If it is not mapped, each
/// read is checked, and the last bytes read are cached. The checksums of the blocks are read from the file when they are
/// needed. The checksum in the footer covers all of them, and an open verifies it. If a checksum is damaged later, its
/// block counts as damaged, which is the safe side. Memory: a bit for each block. Threads: any number.
/// A span is valid as long as the object that returned it is referenced.
/// </remarks>
internal sealed class RunBytes : IDisposable
{
    /// <summary>The number of bytes read at a time if the file is not mapped.</summary>
    const int PieceBytes = RunFormat.BlockBytes;

    const int PiecesKept = 64;
    const int ChecksumsPerPiece = PieceBytes / sizeof(uint);
    const int ChecksumPiecesKept = 8;

    /// <summary>The number of bytes of checksums that are read at a time to verify them.</summary>
    const int ProvedBytes = 64 * 1_024;

    readonly IStorageFile _file;
    readonly IMappedFile? _mapped;
    readonly long _length;
    readonly int[] _checked;
    readonly Piece?[] _pieces = [];
    readonly Piece?[] _checksumPieces = [];
    readonly Defect _defect;

    RunBytes(IStorageFile file, IMappedFile? mapped, long length, Defect defect)
    {
        (_file, _mapped, _length, _defect) = (file, mapped, length, defect);
        _checked = mapped is null ? [] : new int[(RunFormat.BlocksIn(length) + 31) / 32];
        if (mapped is null) (_pieces, _checksumPieces) = (new Piece?[PiecesKept], new Piece?[ChecksumPiecesKept]);
    }

    /// <summary>Opens the bytes of a run; null if the checksums of its blocks are damaged.</summary>
    /// <param name="file">The file.</param>
    /// <param name="footer">Its footer.</param>
    /// <param name="maps">Whether to map the file.</param>
    /// <param name="defect">A defect to inject, for tests.</param>
    public static RunBytes? Open(IStorageFile file, RunFooter footer, bool maps, Defect defect) =>
        AreChecksumsWhole(file, footer) ? new RunBytes(file, maps ? file.Map(footer.ChecksumsAt + footer.ChecksumsBytes) : null, footer.ChecksumsAt, defect) : null;

    public bool IsMapped => _mapped is not null;

    /// <summary>Reads bytes; false if they are damaged, or would be outside of the blocks.</summary>
    public bool TryRead(long fileOffset, long bytes, out ReadOnlySpan<byte> read)
    {
        read = default;
        if (fileOffset < 0 || bytes < 0 || bytes > int.MaxValue || fileOffset > _length - bytes) return false;
        return _mapped is not null ? TryMapped(fileOffset, (int)bytes, out read) : TryPieces(fileOffset, (int)bytes, out read);
    }

    /// <summary>Prefetches bytes that will be read soon.</summary>
    public void Prefetch(long fileOffset, int bytes) => _mapped?.Prefetch(fileOffset, bytes);

    /// <summary>Makes the next read of each block check it again, because a block may have been damaged since its last check.</summary>
    public void ForgetChecks()
    {
        Array.Clear(_checked);
        Array.Clear(_pieces);
        Array.Clear(_checksumPieces);
    }

    public void Dispose() => _mapped?.Dispose();

    bool TryMapped(long fileOffset, int bytes, out ReadOnlySpan<byte> read)
    {
        read = default;
        var lastBlock = (fileOffset + Math.Max(bytes, 1) - 1) / RunFormat.BlockBytes;
        for (var block = fileOffset / RunFormat.BlockBytes; block <= lastBlock; block++)
        {
            var bit = 1 << (int)(block & 31);
            if ((Volatile.Read(ref _checked[block >> 5]) & bit) != 0) continue;
            var start = block * RunFormat.BlockBytes;
            if (!IsWhole(block, _mapped!.Bytes(start, (int)Math.Min(RunFormat.BlockBytes, _length - start)))) return false;
            Interlocked.Or(ref _checked[block >> 5], bit);
        }

        read = _mapped!.Bytes(fileOffset, bytes);
        return true;
    }

    bool TryPieces(long fileOffset, int bytes, out ReadOnlySpan<byte> read)
    {
        read = default;
        var first = fileOffset / PieceBytes;
        var last = (fileOffset + Math.Max(bytes, 1) - 1) / PieceBytes;
        if (first == last)
        {
            if (Load(first) is not { } piece) return false;
            read = piece.Bytes.AsSpan((int)(fileOffset - (first * PieceBytes)), bytes);
            return true;
        }

        var whole = new byte[bytes];
        for (var number = first; number <= last; number++)
        {
            if (Load(number) is not { } piece) return false;
            var start = number * PieceBytes;
            var from = Math.Max(fileOffset, start);
            var until = Math.Min(fileOffset + bytes, start + piece.Bytes.Length);
            piece.Bytes.AsSpan((int)(from - start), (int)(until - from)).CopyTo(whole.AsSpan((int)(from - fileOffset)));
        }

        read = whole;
        return true;
    }

    Piece? Load(long number)
    {
        ref var kept = ref _pieces[number % PiecesKept];
        if (Volatile.Read(ref kept) is { } known && known.Number == number) return known;

        var start = number * PieceBytes;
        var bytes = new byte[Math.Min(PieceBytes, _length - start)];
        if (!TryReadFile(bytes, start)) return null;
        for (var at = 0; at < bytes.Length; at += RunFormat.BlockBytes)
            if (!IsWhole((start + at) / RunFormat.BlockBytes, bytes.AsSpan(at, Math.Min(RunFormat.BlockBytes, bytes.Length - at)))) return null;
        var piece = new Piece(number, bytes);
        Volatile.Write(ref kept, piece);
        return piece;
    }

    /// <summary>Reads from the file. If the file is missing, its writer, which may be another process, has merged it into another one; this counts as damage.</summary>
    bool TryReadFile(Span<byte> bytes, long fileOffset)
    {
        try
        {
            return _file.Read(bytes, fileOffset) == bytes.Length;
        }
        catch (LedgerIOException failure) when (failure.IsGone)
        {
            return false;
        }
    }

    bool IsWhole(long block, ReadOnlySpan<byte> bytes) => _defect == Defect.UncheckedBlocks || ChecksumOf(block) == Crc32C.Of(bytes);

    /// <summary>The checksum of a block in the file; null if the file is missing.</summary>
    uint? ChecksumOf(long block)
    {
        if (_mapped is not null) return BinaryPrimitives.ReadUInt32LittleEndian(_mapped.Bytes(_length + (block * sizeof(uint)), sizeof(uint)));
        var number = block / ChecksumsPerPiece;
        ref var kept = ref _checksumPieces[number % ChecksumPiecesKept];
        if (Volatile.Read(ref kept) is not { } piece || piece.Number != number)
        {
            var checksums = Math.Min(ChecksumsPerPiece, RunFormat.BlocksIn(_length) - (number * ChecksumsPerPiece));
            piece = new Piece(number, new byte[checksums * sizeof(uint)]);
            if (!TryReadFile(piece.Bytes, _length + (number * PieceBytes))) return null;
            Volatile.Write(ref kept, piece);
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(piece.Bytes.AsSpan((int)(block % ChecksumsPerPiece) * sizeof(uint)));
    }

    static bool AreChecksumsWhole(IStorageFile file, RunFooter footer)
    {
        var buffer = new byte[Math.Min(footer.ChecksumsBytes, ProvedBytes)];
        var checksum = Crc32C.Of([]);
        for (var at = 0L; at < footer.ChecksumsBytes; at += buffer.Length)
        {
            var piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, footer.ChecksumsBytes - at));
            if (file.Read(piece, footer.ChecksumsAt + at) != piece.Length) return false;
            checksum = Crc32C.Continue(checksum, piece);
        }

        return checksum == footer.ChecksumsChecksum;
    }

    sealed record Piece(long Number, byte[] Bytes);
}
