namespace Factstone;

/// <summary>The tags of a fact in UTF-8, where they stand: for <c>foreach</c>, as long as the fact's bytes are valid.</summary>
public ref struct FactTags
{
    readonly ReadOnlySpan<byte> _bytes;
    int _at;

    /// <summary>The texts of a list in a header, behind its count.</summary>
    internal FactTags(ReadOnlySpan<byte> bytes)
    {
        _bytes = bytes;
        if (!bytes.IsEmpty) Leb128.TryRead(bytes, ref _at, out _);
    }

    /// <summary>The tag that was come to last.</summary>
    public ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>From the first tag on.</summary>
    public readonly FactTags GetEnumerator() => this;

    /// <summary>Goes on to the next tag; false behind the last.</summary>
    public bool MoveNext()
    {
        if (_at >= _bytes.Length || !Leb128.TryRead(_bytes, ref _at, out var length)) return false;
        Current = _bytes.Slice(_at, (int)length);
        _at += (int)length;
        return true;
    }
}
