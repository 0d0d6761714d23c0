using System.Runtime.InteropServices;

namespace Factstone.Storage;

/// <summary>A path as the caller knows it, for messages, and as the system is called with it.</summary>
internal readonly ref struct DiskPath
{
    readonly SafeHandle? _directory;

    /// <param name="path">The caller's path.</param>
    /// <param name="reached">The path for the system.</param>
    /// <param name="directory">The open directory that the second path goes through. It is held, so that its number cannot be reused for another directory meanwhile.</param>
    public DiskPath(string path, string reached, SafeHandle? directory)
    {
        (Path, Reached) = (path, reached);
        if (directory is null) return;
        var isHeld = false;
        directory.DangerousAddRef(ref isHeld);
        _directory = directory;
    }

    public string Path { get; }

    public string Reached { get; }

    public void Dispose() => _directory?.DangerousRelease();
}
