namespace Factstone;

/// <summary>The tags of a fact in UTF-8, read in place, for <c>foreach</c>. Valid as long as the fact's bytes are.</summary>
public ref struct FactTags
{
    readonly ReadOnlySpan<byte> _bytes;
    int _at;

    /// <summary>The texts of a list in a header, after its count.</summary>
    internal FactTags(ReadOnlySpan<byte> bytes)
    {
        _bytes = bytes;
        if (!bytes.IsEmpty) Leb128.TryRead(bytes, ref _at, out _);
    }

    /// <summary>The current tag; valid after <see cref="MoveNext"/> has returned true.</summary>
    public ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>An enumerator that starts before the first tag.</summary>
    public readonly FactTags GetEnumerator() => this;

    /// <summary>Moves to the next tag; false after the last.</summary>
    public bool MoveNext()
    {
        if (_at >= _bytes.Length || !Leb128.TryRead(_bytes, ref _at, out var length)) return false;
        Current = _bytes.Slice(_at, (int)length);
        _at += (int)length;
        return true;
    }
}
