using System.IO.MemoryMappedFiles;

namespace Factstone.Cli.Growth;

/// <summary>The time of the machine itself to access one byte anywhere in a log that is mapped and in memory. A small log fits into the processor's caches better than a large one.</summary>
/// <remarks>Each access waits for the one before. Every read of a ledger has several such accesses, so it cannot grow less than this does.</remarks>
internal sealed class MachineProbe : IDisposable
{
    const int MappedAtATimeBytes = 64 * 1_024;

    readonly List<(MemoryMappedFile File, MemoryMappedViewAccessor View, long Length)> _maps = [];
    readonly Random _random = new(4);
    int _last;

    public MachineProbe(string directory)
    {
        foreach (var path in Directory.EnumerateFiles(Path.Combine(directory, "segments"), "*.log"))
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var file = MemoryMappedFile.CreateFromFile(stream, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            _maps.Add((file, file.CreateViewAccessor(0, stream.Length, MemoryMappedFileAccess.Read), stream.Length));
        }
    }

    /// <summary>Accesses a byte of each stretch that the system maps at a time.</summary>
    public void WarmUp()
    {
        foreach (var map in _maps)
            for (var at = 0L; at < map.Length; at += MappedAtATimeBytes) _last += map.View.ReadByte(at);
    }

    /// <summary>Draws that many accesses, and returns the action that does them.</summary>
    public Action Draw(int times)
    {
        var draws = new (int Map, long At)[times];
        for (var i = 0; i < times; i++)
        {
            var map = _random.Next(_maps.Count);
            draws[i] = (map, _random.NextInt64(Math.Max(1, _maps[map].Length - byte.MaxValue)));
        }

        return () =>
        {
            var last = 0;
            foreach (var (map, at) in draws) last = _maps[map].View.ReadByte(at + last);
            _last = last;
        };
    }

    public void Dispose()
    {
        foreach (var (file, view, _) in _maps)
        {
            view.Dispose();
            file.Dispose();
        }
    }
}
