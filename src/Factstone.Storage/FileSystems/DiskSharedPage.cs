#pragma warning disable RS0030 // This and its neighbours are the disk behind IFileSystem, so they use System.IO.

using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Factstone.Storage;

/// <summary>The first page of a file on the disk, mapped.</summary>
internal sealed unsafe class DiskSharedPage : ISharedPage
{
    readonly string _path;
    readonly SafeFileHandle _handle;
    readonly DiskSyncs _syncs;
    readonly bool _writable;
    readonly MemoryMappedFile _mapping;
    readonly MemoryMappedViewAccessor _view;
    readonly SafeMemoryMappedViewHandle _page;

    /// <summary>Takes over the handle once it returns.</summary>
    public DiskSharedPage(string path, SafeFileHandle handle, bool writable, DiskSyncs syncs)
    {
        (_path, _handle, _writable, _syncs) = (path, handle, writable, syncs);

        // A mapped page without a block on the disk ends the process (SIGBUS) if the disk is full when it is first
        // written to. With one, a full disk is an error here.
        if (writable) DiskSpace.Reserve(handle, path, 0, ISharedPage.Size);

        try
        {
            if (RandomAccess.GetLength(handle) < ISharedPage.Size)
                throw new LedgerIOException(path, "map", "The file is shorter than the page");

            var access = writable ? MemoryMappedFileAccess.ReadWrite : MemoryMappedFileAccess.Read;
            _mapping = MemoryMappedFile.CreateFromFile(handle, mapName: null, capacity: 0, access, HandleInheritability.None, leaveOpen: true);
            _view = _mapping.CreateViewAccessor(0, ISharedPage.Size, access);
            _page = _view.SafeMemoryMappedViewHandle;
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            _mapping?.Dispose();
            throw DiskErrors.From(exception, path, "map");
        }
    }

    public void Read(Span<byte> buffer, int offset)
    {
        SharedPageRange.Check(offset, buffer.Length);
        byte* page = null;
        try
        {
            // Holds the mapping: without it, a page let go on another thread would be a fault of the process.
            _page.AcquirePointer(ref page);
            new ReadOnlySpan<byte>(page + _view.PointerOffset + offset, buffer.Length).CopyTo(buffer);
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
            bytes.CopyTo(new Span<byte>(page + _view.PointerOffset + offset, bytes.Length));
        }
        finally
        {
            if (page is not null) _page.ReleasePointer();
        }
    }

    public void Sync()
    {
        ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
        if (_syncs == DiskSyncs.None) return;
        try
        {
            // On Linux file and mapping are the same pages, and the sync of one is that of the other; elsewhere the
            // mapping is written to the file first.
            if (!OperatingSystem.IsLinux() && _writable) _view.Flush();
        }
        catch (Exception exception) when (DiskErrors.IsRefusal(exception))
        {
            throw DiskErrors.FromSync(exception, _path, "sync");
        }

        DiskSync.Data(_handle, _path);
    }

    public void Dispose()
    {
        // The page first: a view that is let go while its page is mapped waits for a sync, which nobody asked for and
        // whose failure would come out of Dispose.
        _page.Dispose();
        _view.Dispose();
        _mapping.Dispose();
        _handle.Dispose();
    }
}
