using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Factstone.Storage;

/// <summary>A directory that is held open, so that paths below it lead to the same directory wherever it is moved.</summary>
/// <remarks>
/// On Linux the system is called with <c>/proc/self/fd/N/name</c>, which begins at the open directory. Without /proc,
/// paths are resolved again each time, and before a change the path must still lead to the directory that was opened.
/// Windows does not move a directory that contains an open file.
/// </remarks>
internal sealed class DiskRoot : IDisposable
{
    const string Replaced = "The ledger's directory was moved, deleted or replaced by another one";

    readonly string _root;
    readonly SafeFileHandle? _handle;
    readonly FileIdentity? _identity;
    readonly string? _link;

    DiskRoot(string root, SafeFileHandle? handle, bool usesLink)
    {
        (_root, _handle) = (FileNames.Trimmed(root), handle);
        if (handle is null) return;
        _identity = FileStatus.Of(handle)?.Identity;
        var link = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{handle.DangerousGetHandle()}");
        if (usesLink && OperatingSystem.IsLinux() && IsLink(link)) _link = link;
    }

    /// <param name="path">The directory.</param>
    /// <param name="usesLink">Whether /proc may be used; false only in tests.</param>
    public static DiskRoot Open(string path, bool usesLink)
    {
        if (OperatingSystem.IsWindows()) return new DiskRoot(path, handle: null, usesLink);
        var handle = LibC.Open(path.Length == 0 ? "." : path, LibC.PathOnly | LibC.DirectoryOnly | LibC.CloseOnExec);
        if (!handle.IsInvalid) return new DiskRoot(path, handle, usesLink);
        var error = Marshal.GetLastPInvokeError();
        handle.Dispose();
        throw DiskErrors.From(error, path, "open");
    }

    /// <summary>Whether a path is that of the directory or below it.</summary>
    public bool Holds(string path) =>
        path.StartsWith(_root, StringComparison.Ordinal) && (path.Length == _root.Length || path[_root.Length] == '/');

    public DiskPath At(string path) =>
        _link is not null && Holds(path) ? new DiskPath(path, _link + path[_root.Length..], _handle) : new DiskPath(path, path, null);

    /// <summary>Called before a change through a path that is resolved again: it must not lead into another directory.</summary>
    public void ThrowIfReplaced(string path, string operation)
    {
        if (_link is not null || _handle is null || !Holds(path)) return;
        ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
        if (!IsInPlace) throw new LedgerIOException(path, operation, Replaced);
    }

    /// <summary>Whether the path still leads to the directory; true if the system cannot tell.</summary>
    public bool IsInPlace => _identity is null || FileStatus.Of(_root.Length == 0 ? "/" : _root, out _)?.Identity == _identity;

    /// <summary>Whether the directory was deleted.</summary>
    public bool IsDeleted => _handle is { IsClosed: false } && FileStatus.Of(_handle) is { Links: 0 };

    public void Dispose() => _handle?.Dispose();

    // A chroot may have no /proc, and a process with restricted rights may not be allowed to read it.
    bool IsLink(string link) => _identity is null ? LibC.Access(link + "/.", 0) == 0 : FileStatus.Of(link, out _)?.Identity == _identity;
}
