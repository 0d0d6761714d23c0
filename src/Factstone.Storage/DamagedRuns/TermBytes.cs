using System.Text;

namespace Factstone.Storage;

/// <summary>A term in UTF-8, for a comparison with headers as they are in the log.</summary>
internal sealed class TermBytes
{
    readonly TermKind _kind;
    readonly byte[] _name;
    readonly byte[] _key;

    public TermBytes(in Term term)
    {
        _kind = term.Kind;
        _name = Encoding.UTF8.GetBytes(term.Name);
        _key = Encoding.UTF8.GetBytes(term.Key ?? "");
    }

    public bool IsOf(in HeaderView header) => _kind switch
    {
        TermKind.Stream => header.Key.SequenceEqual(_key) && header.Store.SequenceEqual(_name),
        TermKind.Store => header.Store.SequenceEqual(_name),
        TermKind.Type => header.TypeBytes.SequenceEqual(_name),
        TermKind.Tag => HasTag(header),
        _ => false,
    };

    public bool IsOf(in CellView cell)
    {
        var bucket = cell.Extent.BucketLength;
        return cell.Names[bucket..].SequenceEqual(_key) && cell.Names[..bucket].SequenceEqual(_name);
    }

    /// <summary>The bytes by which a run orders a term of two parts.</summary>
    public static ReadOnlySpan<byte> Join(byte[] buffer, TermKind kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> key)
    {
        buffer[0] = (byte)kind;
        name.CopyTo(buffer.AsSpan(1));
        buffer[1 + name.Length] = 0;
        key.CopyTo(buffer.AsSpan(2 + name.Length));
        return buffer.AsSpan(0, 2 + name.Length + key.Length);
    }

    bool HasTag(in HeaderView header)
    {
        if (header.TagCount == 0) return false;
        foreach (var tag in header.TagBytes())
            if (tag.SequenceEqual(_name)) return true;
        return false;
    }
}
