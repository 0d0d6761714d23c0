using System.Text;

namespace Factstone.Storage;

/// <summary>Visits the streams of a store in a memory part, as they are when the cursor is created.</summary>
internal sealed class MemoryStreamCursor : StreamCursor
{
    readonly StoreEntry _store;
    readonly string[] _keys;
    readonly string _prefix;
    readonly byte[] _key = new byte[FactLimits.KeyBytesMax];
    int _keyLength;
    int _next;

    public MemoryStreamCursor(StoreEntry store, string prefix, string from)
    {
        (_store, _prefix) = (store, prefix);
        _keys = store.SortedKeys();
        _next = Array.BinarySearch(_keys, Utf8Order.Instance.Compare(from, prefix) > 0 ? from : prefix, Utf8Order.Instance);
        if (_next < 0) _next = ~_next;
    }

    public override ReadOnlySpan<byte> Key => _key.AsSpan(0, _keyLength);

    protected override bool Move()
    {
        if (_next == _keys.Length || !_keys[_next].StartsWith(_prefix, StringComparison.Ordinal)) return false;
        _keyLength = Encoding.UTF8.GetBytes(_keys[_next++], _key);
        return true;
    }

    public override Location LastLocation(Position until) => _store.Find(_keys[_next - 1])!.LastLocation(until);
}
