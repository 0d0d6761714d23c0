using Factstone.Testing;

namespace Factstone.Storage.Tests;

/// <summary>The implementations of <see cref="IFileSystem"/>.</summary>
public enum FileSystemKind
{
    Memory = 1,
    Disk = 2,
    Simulated = 3,
}

/// <summary>A file system of a given kind with an empty directory.</summary>
internal sealed class AnyFileSystem : IDisposable
{
    AnyFileSystem(IFileSystem files, string root, bool isOnDisk, SimulatedDisk? simulated = null)
    {
        (Files, Root, IsOnDisk, Simulated) = (files, root, isOnDisk, simulated);
        Files.CreateDirectory(root);
    }

    public IFileSystem Files { get; }

    public string Root { get; }

    public bool IsOnDisk { get; }

    public SimulatedDisk? Simulated { get; }

    public static AnyFileSystem Of(FileSystemKind kind, bool locksDirectories = true) => kind switch
    {
        FileSystemKind.Memory => new(new MemoryFileSystem(), "/ledger", isOnDisk: false),
        FileSystemKind.Simulated => OnSimulatedDisk(new SimulatedDisk(seed: 1) { LocksDirectories = locksDirectories }),
        _ => new(new DiskFileSystem(features: locksDirectories ? DiskFeatures.All : DiskFeatures.OpenPaths), Path.Combine(Path.GetTempPath(), "factstone-" + Guid.NewGuid().ToString("N")), isOnDisk: true),
    };

    public string At(string name) => $"{Root}/{name}";

    public IStorageFile Create(string name) => Files.Open(At(name), FileOpening.CreateNew);

    public IStorageFile Create(string name, byte[] content)
    {
        var file = Create(name);
        file.Write(content, 0);
        return file;
    }

    public byte[] Content(string name)
    {
        using var file = Files.Open(At(name), FileOpening.ReadOnly);
        return file.Content();
    }

    static AnyFileSystem OnSimulatedDisk(SimulatedDisk disk) => new(disk.FileSystem, "/ledger", isOnDisk: false, disk);

    public void Dispose()
    {
        if (IsOnDisk) Directory.Delete(Root, recursive: true);
    }
}

internal static class StorageFileContent
{
    public static byte[] Content(this IStorageFile file)
    {
        var content = new byte[file.Length];
        Assert.Equal(content.Length, file.Read(content, 0));
        return content;
    }
}
