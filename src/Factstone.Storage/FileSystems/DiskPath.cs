using System.Runtime.InteropServices;

namespace Factstone.Storage;

/// <summary>A path as its caller knows it, which messages name, and as the system is asked for it.</summary>
internal readonly ref struct DiskPath
{
    readonly SafeHandle? _directory;

    /// <param name="path">The caller's path.</param>
    /// <param name="reached">The same file for the system.</param>
    /// <param name="directory">What the second goes through. It is held, so that its number cannot become another directory's meanwhile.</param>
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
