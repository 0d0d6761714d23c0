using Factstone.Storage;

namespace Factstone.Testing;

/// <summary>A directory that a process on a <see cref="SimulatedDisk"/> holds open: paths below it lead to the same files when it is moved.</summary>
internal sealed class SimulatedDirectory(SimulatedDisk disk, SimulatedProcess owner, string path, SimulatedRoot root) : SimulatedProcess(disk, owner), IOpenDirectory
{
    public bool IsInPlace => root.Path == path;

    public void Dispose() => Disk.Names.Close(root);

    protected override string At(string inner) => IsReached(inner) ? root.Path + inner[path.Length..] : inner;

    protected override bool IsReached(string directory) =>
        directory.StartsWith(path, StringComparison.Ordinal) && (directory.Length == path.Length || directory[path.Length] == '/');
}

/// <summary>The present path of a directory that is held open.</summary>
internal sealed class SimulatedRoot(string path)
{
    public string Path { get; set; } = path;
}
