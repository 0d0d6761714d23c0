#pragma warning disable RS0030 // This and its neighbours are the disk behind IFileSystem, so they use System.IO.

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Factstone.Storage;

/// <summary>The first page of a file on the disk, mapped.</summary>
internal sealed unsafe class DiskSharedPage : ISharedPage
{
    readonly string _path;
    readonly SafeFileHandle _handle;
    readonly DiskSyncs _syncs;
    readonly bool _writable;
    readonly SafeBuffer _page;
    readonly long _pageOffset;
    readonly WindowsMapping? _windows;

    /// <summary>Owns the handle once it returns.</summary>
    public DiskSharedPage(string path, SafeFileHandle handle, bool writable, DiskSyncs syncs)
    {
        (_path, _handle, _writable, _syncs) = (path, handle, writable, syncs);

        // A mapped page without a block on the disk ends the process (SIGBUS) if the disk is full at the first write to it.
        // With a reserved block, a full disk is an error here.
        if (writable) DiskSpace.Reserve(handle, path, 0, ISharedPage.Size);

        try
        {
            if (RandomAccess.GetLength(handle) < ISharedPage.Size)
                throw new LedgerIOException(path, "map", "The file is shorter than the page");

            // The mapped files of the base library are in a separate assembly, which takes two descriptors of the process.
            if (OperatingSystem.IsWindows()) (_windows, _page, _pageOffset) = WindowsMapping.Of(handle, ISharedPage.Size, writable);
            else _page = MappedPage.Of(handle, path, writable);
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            throw DiskErrors.From(exception, path, "map");
        }

        // A reader does not need the file any more.
        if (!writable && _windows is null) handle.Dispose();
    }

    public void Read(Span<byte> buffer, int offset)
    {
        SharedPageRange.Check(offset, buffer.Length);
        byte* page = null;
        try
        {
            // Holds the mapping: without it, an access to a page that another thread has released would end the process.
            _page.AcquirePointer(ref page);
            new ReadOnlySpan<byte>(page + _pageOffset + offset, buffer.Length).CopyTo(buffer);
        }
        finally
        {
            if (page is not null) _page.ReleasePointer();
        }
    }

    public void Write(ReadOnlySpan<byte> bytes, int offset)
    {
        SharedPageRange.Check(offset, bytes.Length);
        if (!_writable) throw new LedgerIOException(_path, "write", DiskReasons.BadDescriptor);
        byte* page = null;
        try
        {
            _page.AcquirePointer(ref page);
            bytes.CopyTo(new Span<byte>(page + _pageOffset + offset, bytes.Length));
        }
        finally
        {
            if (page is not null) _page.ReleasePointer();
        }
    }

    public void Sync()
    {
        ObjectDisposedException.ThrowIf(_page.IsClosed, this);
        if (_syncs == DiskSyncs.None || !_writable) return;
        try
        {
            // On Linux file and mapping share their pages, so the sync of one is the sync of the other. On other systems the
            // mapping is written to the file first.
            if (!OperatingSystem.IsLinux() && _writable) Flush();
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            throw DiskErrors.FromSync(exception, _path, "sync");
        }

        DiskSync.Data(_handle, _path);
    }

    public void Dispose()
    {
        // The page is released first: to release a view while its page is mapped would wait for a sync that was not requested,
        // and whose failure would be thrown by Dispose.
        _page.Dispose();
        _windows?.Dispose();
        _handle.Dispose();
    }

    void Flush()
    {
        if (_windows is not null) _windows.Flush();
        else if (LibC.SyncMapped(_page.DangerousGetHandle(), ISharedPage.Size, LibC.SyncNow) < 0) throw DiskErrors.FromSync(Marshal.GetLastPInvokeError(), _path, "sync");
    }

    /// <summary>A mapped page that is unmapped when no thread holds it.</summary>
    sealed class MappedPage() : SafeBuffer(ownsHandle: true)
    {
        public static MappedPage Of(SafeFileHandle file, string path, bool writable)
        {
            var address = LibC.Map(0, ISharedPage.Size, LibC.MapForReading | (writable ? LibC.MapForWriting : 0), LibC.MapShared, file, 0);
            if (address == LibC.MapFailed) throw DiskErrors.From(Marshal.GetLastPInvokeError(), path, "map");
            var page = new MappedPage();
            page.SetHandle(address);
            page.Initialize(ISharedPage.Size);
            return page;
        }

        protected override bool ReleaseHandle() => LibC.Unmap(handle, ISharedPage.Size) == 0;
    }
}
