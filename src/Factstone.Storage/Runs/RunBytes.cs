using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>The bytes of a run, each block checked before anybody sees it.</summary>
/// <remarks>
/// Where the file is mapped, a block is checked when it is first touched, and anew before a merge. Where it is read, each read is checked, and
/// what was read last is kept. Threads: any number. A span is valid as long as the object that gave it is referenced.
/// </remarks>
internal sealed class RunBytes : IDisposable
{
    /// <summary>Read at a time, where the file is not mapped.</summary>
    const int PieceBytes = RunFormat.BlockBytes;

    const int PiecesKept = 64;

    readonly IStorageFile _file;
    readonly IMappedFile? _mapped;
    readonly byte[] _checksums;
    readonly long _length;
    readonly int[] _checked;
    readonly Piece?[] _pieces = [];
    readonly Defect _defect;

    public RunBytes(IStorageFile file, IMappedFile? mapped, byte[] checksums, long length, Defect defect)
    {
        _defect = defect;
        (_file, _mapped, _checksums, _length) = (file, mapped, checksums, length);
        _checked = mapped is null ? [] : new int[(RunFormat.BlocksIn(length) + 31) / 32];
        if (mapped is null) _pieces = new Piece?[PiecesKept];
    }

    public bool IsMapped => _mapped is not null;

    /// <summary>Some bytes; false where they are damaged, or would lie outside.</summary>
    public bool TryRead(long fileOffset, long bytes, out ReadOnlySpan<byte> read)
    {
        read = default;
        if (fileOffset < 0 || bytes < 0 || bytes > int.MaxValue || fileOffset > _length - bytes) return false;
        return _mapped is not null ? TryMapped(fileOffset, (int)bytes, out read) : TryPieces(fileOffset, (int)bytes, out read);
    }

    /// <summary>Some bytes will be read soon.</summary>
    public void Prefetch(long fileOffset, int bytes) => _mapped?.Prefetch(fileOffset, bytes);

    /// <summary>What was checked may be damaged since: each block is checked again by who touches it next.</summary>
    public void CheckAnew()
    {
        Array.Clear(_checked);
        Array.Clear(_pieces);
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

    /// <summary>A file that is gone was merged into another by its writer, which may be another process; it says as little as a damaged one.</summary>
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

    bool IsWhole(long block, ReadOnlySpan<byte> bytes) =>
        _defect == Defect.UncheckedBlocks ||
        Crc32C.Of(bytes) == BinaryPrimitives.ReadUInt32LittleEndian(_checksums.AsSpan((int)(block * sizeof(uint))));

    sealed record Piece(long Number, byte[] Bytes);
}
