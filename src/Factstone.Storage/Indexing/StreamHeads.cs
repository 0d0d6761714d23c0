using System.Text;

namespace Factstone.Storage;

/// <summary>Streams of a store in the order of their keys, each with its last fact: found together, so that nothing is held while they are looked at.</summary>
internal sealed class StreamHeads(int room)
{
    readonly List<(string Key, StreamState State)> _found = new(room);
    readonly byte[] _key = new byte[FactLimits.KeyBytesMax];
    int _keyLength;
    StreamState _state;

    public IReadOnlyList<(string Key, StreamState State)> Found => _found;

    public bool HasRoom => _found.Count < room;

    /// <summary>Whether nothing comes behind them.</summary>
    public bool IsLast { get; set; }

    public void Clear()
    {
        _found.Clear();
        IsLast = false;
    }

    /// <summary>Turns to the stream with a key.</summary>
    public void Begin(ReadOnlySpan<byte> key)
    {
        key.CopyTo(_key);
        _keyLength = key.Length;
        _state = default;
    }

    /// <summary>Whether it is at this one.</summary>
    public bool IsAt(ReadOnlySpan<byte> key) => key.SequenceEqual(_key.AsSpan(0, _keyLength));

    /// <summary>What a part says of the stream; the newest part that says something comes first.</summary>
    public void Meet(StreamState state)
    {
        if (_state.Version == StreamVersion.None) _state = state;
    }

    /// <summary>All parts have been asked.</summary>
    public void End() => _found.Add((Encoding.UTF8.GetString(_key.AsSpan(0, _keyLength)), _state));
}
