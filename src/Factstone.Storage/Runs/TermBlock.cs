namespace Factstone.Storage;

/// <summary>Visits the terms of one dictionary block. See docs/format.md, "Terms".</summary>
internal sealed class TermBlock
{
    readonly byte[] _term = new byte[TermKey.BytesMax];
    int _termLength;
    int _at;
    int _valueAt;
    ReadOnlyMemory<byte> _bytes;

    public TermBlock() { }

    public TermBlock(ReadOnlyMemory<byte> bytes) => _bytes = bytes;

    /// <summary>The term; valid until the next move.</summary>
    public ReadOnlySpan<byte> Term => _term.AsSpan(0, _termLength);

    public ReadOnlyMemory<byte> Value => _bytes[_valueAt.._at];

    /// <summary>Begins another block.</summary>
    public void Open(ReadOnlyMemory<byte> bytes) => (_bytes, _at, _valueAt, _termLength) = (bytes, 0, 0, 0);

    /// <summary>The first term of a block.</summary>
    public static ReadOnlySpan<byte> First(ReadOnlySpan<byte> block)
    {
        var at = 0;
        var shared = PositionListFormat.Read(block, ref at);
        Invariant.Holds(shared == 0);
        var length = (int)PositionListFormat.Read(block, ref at);
        return block.Slice(at, length);
    }

    public bool MoveNext()
    {
        var source = _bytes.Span;
        if (_at == source.Length) return false;
        var shared = (int)PositionListFormat.Read(source, ref _at);
        var own = (int)PositionListFormat.Read(source, ref _at);
        source.Slice(_at, own).CopyTo(_term.AsSpan(shared));
        _termLength = shared + own;
        _at += own;
        var length = (int)PositionListFormat.Read(source, ref _at);
        _valueAt = _at;
        _at += length;
        return true;
    }

    /// <summary>Finds the value of one term in a block, without decoding the other terms; false if the term is not in the block.</summary>
    public static bool TryFind(ReadOnlySpan<byte> block, ReadOnlySpan<byte> term, out ReadOnlySpan<byte> value)
    {
        // The length of the prefix that the wanted term and the last entry share. If an entry shares less than that with the
        // entry before it, it is after the term. If it shares more, it shares as much with the term as that entry.
        var matched = 0;
        for (var at = 0; at < block.Length;)
        {
            var shared = (int)PositionListFormat.Read(block, ref at);
            var own = (int)PositionListFormat.Read(block, ref at);
            var rest = block.Slice(at, own);
            at += own;
            var length = (int)PositionListFormat.Read(block, ref at);
            value = block.Slice(at, length);
            at += length;
            if (shared > matched) continue;
            if (shared < matched) break;
            var wanted = term[matched..];
            var same = rest.CommonPrefixLength(wanted);
            if (same == rest.Length && same == wanted.Length) return true;
            matched += same;
        }

        value = default;
        return false;
    }
}
