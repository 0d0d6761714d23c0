using System.Text;

namespace Factstone;

/// <summary>Writes header fields in order. See docs/format.md, "Fact header".</summary>
internal ref struct HeaderWriter(Span<byte> target)
{
    /// <summary>The first byte of every header.</summary>
    public const byte Version = 1;

    readonly Span<byte> _target = target;
    int _at;
    HeaderField _last;

    /// <summary>Bytes written so far.</summary>
    public readonly int Length => _at;

    public void Start() => _target[_at++] = Version;

    public void Integer(HeaderField field, ulong value)
    {
        Tag(field, HeaderValue.Integer);
        _at += Leb128.Write(_target[_at..], value);
    }

    public void Time(HeaderField field, long microseconds) => Integer(field, Leb128.ZigZag(microseconds));

    public void Id(HeaderField field, Guid id)
    {
        Tag(field, HeaderValue.Id);
        id.TryWriteBytes(_target[_at..], bigEndian: true, out var written);
        _at += written;
    }

    public void Text(HeaderField field, ReadOnlySpan<char> text)
    {
        Tag(field, HeaderValue.Bytes);
        LengthAndText(text);
    }

    public void Bytes(HeaderField field, scoped ReadOnlySpan<byte> bytes)
    {
        Tag(field, HeaderValue.Bytes);
        _at += Leb128.Write(_target[_at..], (ulong)bytes.Length);
        Raw(bytes);
    }

    public void Present(HeaderField field) => Tag(field, HeaderValue.Present);

    /// <summary>Appends bytes that contain encoded fields, all of them with higher numbers than the last one written.</summary>
    public void Raw(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_target[_at..]);
        _at += bytes.Length;
    }

    /// <summary>The tags must be distinct and sorted by unsigned UTF-8 bytes; the caller ensures that.</summary>
    public void Tags(scoped ReadOnlySpan<string> sorted)
    {
        var length = Leb128.Size((ulong)sorted.Length);
        foreach (var tag in sorted) length += SizeOfText(tag);

        Tag(HeaderField.Tags, HeaderValue.Bytes);
        _at += Leb128.Write(_target[_at..], (ulong)length);
        _at += Leb128.Write(_target[_at..], (ulong)sorted.Length);
        foreach (var tag in sorted) LengthAndText(tag);
    }

    public void Derivation(Derivation derivation)
    {
        var length = SizeOfText(derivation.Rule) + Leb128.Size((ulong)derivation.Version) + Leb128.Size((ulong)derivation.Sources.Count)
            + (derivation.Sources.Count * 16);

        Tag(HeaderField.Derivation, HeaderValue.Bytes);
        _at += Leb128.Write(_target[_at..], (ulong)length);
        LengthAndText(derivation.Rule);
        _at += Leb128.Write(_target[_at..], (ulong)derivation.Version);
        _at += Leb128.Write(_target[_at..], (ulong)derivation.Sources.Count);
        foreach (var source in derivation.Sources)
        {
            source.TryWriteBytes(_target[_at..], bigEndian: true, out var written);
            _at += written;
        }
    }

    static int SizeOfText(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        return Leb128.Size((ulong)bytes) + bytes;
    }

    void LengthAndText(ReadOnlySpan<char> text)
    {
        // Nearly every name is shorter than 128 bytes, so its length takes one byte: the text is written after that byte first.
        if (text.Length < 128 && text.Length * 3 + 1 <= _target.Length - _at)
        {
            var written = Encoding.UTF8.GetBytes(text, _target[(_at + 1)..]);
            if (written < 0x80)
            {
                _target[_at] = (byte)written;
                _at += 1 + written;
                return;
            }
        }

        _at += Leb128.Write(_target[_at..], (ulong)Encoding.UTF8.GetByteCount(text));
        _at += Encoding.UTF8.GetBytes(text, _target[_at..]);
    }

    void Tag(HeaderField field, HeaderValue value)
    {
        Invariant.Holds(field > _last);
        _last = field;
        _at += Leb128.Write(_target[_at..], ((ulong)field << 2) | (ulong)value);
    }
}
