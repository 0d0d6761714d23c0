using Factstone.Testing;

namespace Factstone.Storage.Tests;

/// <summary>The file systems that keep the contract of <see cref="IFileSystem"/>.</summary>
public enum FileSystemKind
{
    Memory = 1,
    Disk = 2,
    Simulated = 3,
}

/// <summary>A file system of some kind, and an empty directory on it.</summary>
internal sealed class AnyFileSystem : IDisposable
{
    AnyFileSystem(IFileSystem files, string root, bool isOnDisk)
    {
        (Files, Root, IsOnDisk) = (files, root, isOnDisk);
        Files.CreateDirectory(root);
    }

    public IFileSystem Files { get; }

    public string Root { get; }

    public bool IsOnDisk { get; }

    public static AnyFileSystem Of(FileSystemKind kind) => kind switch
    {
        FileSystemKind.Memory => new(new MemoryFileSystem(), "/ledger", isOnDisk: false),
        FileSystemKind.Simulated => new(new SimulatedDisk(seed: 1).FileSystem, "/ledger", isOnDisk: false),
        _ => new(new DiskFileSystem(), Path.Combine(Path.GetTempPath(), "factstone-" + Guid.NewGuid().ToString("N")), isOnDisk: true),
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
