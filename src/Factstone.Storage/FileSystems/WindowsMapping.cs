#pragma warning disable RS0030 // This and its neighbours are the disk behind IFileSystem, so they use System.IO.

using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Factstone.Storage;

/// <summary>The first bytes of a file, mapped by the base library.</summary>
internal sealed class WindowsMapping : IDisposable
{
    readonly MemoryMappedFile _mapping;
    readonly MemoryMappedViewAccessor _view;

    WindowsMapping(MemoryMappedFile mapping, MemoryMappedViewAccessor view) => (_mapping, _view) = (mapping, view);

    /// <summary>Maps a file, which stays open.</summary>
    public static (WindowsMapping Mapping, SafeBuffer Bytes, long Offset) Of(SafeFileHandle file, long length, bool writable)
    {
        var access = writable ? MemoryMappedFileAccess.ReadWrite : MemoryMappedFileAccess.Read;
        var mapping = MemoryMappedFile.CreateFromFile(file, mapName: null, capacity: 0, access, HandleInheritability.None, leaveOpen: true);
        try
        {
            var view = mapping.CreateViewAccessor(0, length, access);
            return (new WindowsMapping(mapping, view), view.SafeMemoryMappedViewHandle, view.PointerOffset);
        }
        catch
        {
            mapping.Dispose();
            throw;
        }
    }

    public void Flush() => _view.Flush();

    public void Dispose()
    {
        _view.Dispose();
        _mapping.Dispose();
    }
}
