using System.Text;

namespace Factstone.Storage;

/// <summary>Streams of a store in the order of their keys, each with its last fact. They are collected together, so that no reference is held while the caller uses them.</summary>
internal sealed class StreamHeads(int room)
{
    readonly List<(string Key, Location Last)> _found = new(room);

    public IReadOnlyList<(string Key, Location Last)> Found => _found;

    public bool HasRoom => _found.Count < room;

    /// <summary>Whether no stream follows.</summary>
    public bool IsLast { get; set; }

    public void Clear()
    {
        _found.Clear();
        IsLast = false;
    }

    public void Add(ReadOnlySpan<byte> key, in Location last) => _found.Add((Encoding.UTF8.GetString(key), last));
}
