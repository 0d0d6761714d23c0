using System.Runtime.Intrinsics.X86;

namespace Factstone.Storage;

/// <summary>The first bytes of a file on the disk, mapped for reading.</summary>
internal sealed unsafe class DiskMapping : IMappedFile
{
    const int LineBytes = 64;

    readonly byte* _address;
    nuint _length;

    public DiskMapping(nint address, long length)
    {
        _address = (byte*)address;
        _length = (nuint)length;
    }

    ~DiskMapping() => Unmap();

    public void Dispose()
    {
        Unmap();
        GC.SuppressFinalize(this);
    }

    public ReadOnlySpan<byte> Bytes(long fileOffset, int length)
    {
        Invariant.Holds(fileOffset >= 0 && length >= 0 && (nuint)(fileOffset + length) <= _length);
        return new ReadOnlySpan<byte>(_address + fileOffset, length);
    }

    public void Prefetch(long fileOffset, int bytes)
    {
        if (!Sse.IsSupported || fileOffset < 0 || (nuint)fileOffset >= _length) return;
        for (var line = 0; line < bytes; line += LineBytes) Sse.Prefetch0(_address + fileOffset + line);
    }

    void Unmap()
    {
        var length = Interlocked.Exchange(ref _length, 0);
        if (length > 0) _ = LibC.Unmap((nint)_address, length);
    }
}
