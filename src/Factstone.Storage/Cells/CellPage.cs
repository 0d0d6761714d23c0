using System.Text;

namespace Factstone.Storage;

/// <summary>Cells that have a value, in order, collected as one page, so that nothing is held while the caller processes them.</summary>
/// <remarks>A page ends after a bounded number of cells, even if most of them were deleted, so that no page takes long.</remarks>
/// <param name="prefix">The beginning of their terms.</param>
/// <param name="keepsNames">Whether names are collected, or cells only counted.</param>
internal sealed class CellPage(byte[] prefix, bool keepsNames)
{
    const int CellsMax = 256;
    const int VisitedMax = 4_096;

    readonly List<string> _names = [];
    int _visited;

    public byte[] Prefix { get; } = prefix;

    /// <summary>The first term of the page.</summary>
    public byte[] From { get; private set; } = prefix;

    /// <summary>The names of the cells that have a value; or the bucket of the first of them.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>Whether the page is about buckets: it ends with the first cell that has a value, and the next page begins after its bucket.</summary>
    public bool FindsBuckets { get; init; }

    /// <summary>The number of cells that have a value.</summary>
    public int Count { get; private set; }

    public bool HasRoom => _visited < VisitedMax && _names.Count < (FindsBuckets ? 1 : CellsMax);

    /// <summary>Whether no cell follows.</summary>
    public bool IsLast { get; set; }

    /// <summary>The last term that was visited.</summary>
    byte[] Last { get; set; } = prefix;

    /// <summary>Starts the next page, after the last term that was visited.</summary>
    public void Turn() => Turn(Last);

    /// <summary>Starts a page after a term, if that is not before all of them.</summary>
    public void Turn(byte[] after)
    {
        // The first term after another one is that term with a zero appended, which no name contains.
        if (after.AsSpan().SequenceCompareTo(Prefix) >= 0) From = [.. after, 0];
        Clear();
    }

    public void Clear()
    {
        _names.Clear();
        (_visited, Count, IsLast) = (0, 0, false);
    }

    public void Add(ReadOnlySpan<byte> term, bool hasValue)
    {
        _visited++;
        if (hasValue) Count++;
        if (hasValue && keepsNames) _names.Add(Encoding.UTF8.GetString(FindsBuckets ? BucketOf(term)[1..] : TermKey.Key(term)));
        if (!HasRoom) Last = hasValue && FindsBuckets ? [.. BucketOf(term), 1] : term.ToArray(); // no name contains a 1
    }

    /// <summary>The kind and the bucket.</summary>
    static ReadOnlySpan<byte> BucketOf(ReadOnlySpan<byte> term) => term[..term.IndexOf((byte)0)];
}
