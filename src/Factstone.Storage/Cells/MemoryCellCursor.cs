using System.Text;

namespace Factstone.Storage;

/// <summary>Goes through the cells in memory, as they are when it comes to a bucket.</summary>
internal sealed class MemoryCellCursor : CellCursor
{
    readonly MemoryCells _cells;
    readonly byte[] _prefix;
    readonly string[] _buckets;
    readonly byte[] _term = new byte[TermKey.BytesMax];
    MemoryBucket? _bucket;
    string[] _names = [];
    int _nextBucket;
    int _nextName;
    int _bucketLength;
    int _termLength;

    /// <param name="cells">The cells.</param>
    /// <param name="from">The first term, whether it is there or not.</param>
    /// <param name="prefix">What the terms begin with.</param>
    public MemoryCellCursor(MemoryCells cells, byte[] from, byte[] prefix)
    {
        (_cells, _prefix, _buckets) = (cells, prefix, cells.SortedBuckets());
        var zero = from.AsSpan().IndexOf((byte)0);
        var bucket = Encoding.UTF8.GetString(from.AsSpan(1, (zero < 0 ? from.Length : zero) - 1));
        _nextBucket = IndexOf(_buckets, bucket, out var isThere);
        if (!isThere || zero < 0) return;
        NextBucket();
        _nextName = IndexOf(_names, Encoding.UTF8.GetString(from.AsSpan(zero + 1)), out _);
    }

    public override ReadOnlySpan<byte> Term => _term.AsSpan(0, _termLength);

    public override bool HasValue => _bucket!.Find(_names[_nextName - 1]) is { IsDeleted: false };

    public override bool MoveNext()
    {
        while (_nextName == _names.Length)
        {
            if (_nextBucket == _buckets.Length) return false;
            NextBucket();
        }

        _termLength = _bucketLength + Encoding.UTF8.GetBytes(_names[_nextName++], _term.AsSpan(_bucketLength));
        return Term.StartsWith(_prefix);
    }

    void NextBucket()
    {
        _bucket = _cells.Bucket(_buckets[_nextBucket++]);
        _names = _bucket.SortedNames();
        _nextName = 0;
        _term[0] = (byte)TermKind.Cell;
        _bucketLength = 1 + Encoding.UTF8.GetBytes(_bucket.Name, _term.AsSpan(1));
        _term[_bucketLength++] = 0;
    }

    static int IndexOf(string[] sorted, string text, out bool isThere)
    {
        var found = Array.BinarySearch(sorted, text, Utf8Order.Instance);
        isThere = found >= 0;
        return isThere ? found : ~found;
    }
}
