using System.Text;

namespace Factstone.Storage;

/// <summary>Visits the cells in memory, a few names at a time. Each cell has its state at the time of the visit.</summary>
internal sealed class MemoryCellCursor : CellCursor
{
    const int NamesTogether = 64;

    readonly MemoryCells _cells;
    readonly byte[] _prefix;
    readonly string[] _buckets;
    readonly string[] _names = new string[NamesTogether];
    readonly byte[] _term = new byte[TermKey.BytesMax];
    MemoryBucket? _bucket;
    int _nextBucket;
    int _nextName;
    int _namesCount;
    int _bucketLength;
    int _termLength;

    /// <param name="cells">The cells.</param>
    /// <param name="from">The first term; it need not exist.</param>
    /// <param name="prefix">The beginning of the terms.</param>
    public MemoryCellCursor(MemoryCells cells, byte[] from, byte[] prefix)
    {
        (_cells, _prefix) = (cells, prefix);
        var (bucket, name) = Split(from);

        // A listing of one bucket needs no order of all buckets.
        _buckets = Split(prefix).Name is null ? cells.SortedBuckets() : [bucket];
        _nextBucket = Array.BinarySearch(_buckets, bucket, Utf8Order.Instance);
        if (_nextBucket < 0) _nextBucket = ~_nextBucket;
        else if (name is not null) NextBucket(name);
    }

    public override ReadOnlySpan<byte> Term => _term.AsSpan(0, _termLength);

    public override bool HasValue => _bucket!.Find(_names[_nextName - 1]) is { IsDeleted: false };

    public override bool MoveNext()
    {
        while (_nextName == _namesCount)
        {
            if (_namesCount == NamesTogether) Load(_names[^1] + '\0'); // the first name after another one is that name with a zero appended, which no name contains
            else if (_nextBucket < _buckets.Length) NextBucket(from: "");
            else return false;
        }

        _termLength = _bucketLength + Encoding.UTF8.GetBytes(_names[_nextName++], _term.AsSpan(_bucketLength));
        return Term.StartsWith(_prefix);
    }

    void NextBucket(string from)
    {
        _bucket = _cells.Bucket(_buckets[_nextBucket++]);
        _term[0] = (byte)TermKind.Cell;
        _bucketLength = 1 + Encoding.UTF8.GetBytes(_buckets[_nextBucket - 1], _term.AsSpan(1));
        _term[_bucketLength++] = 0;
        Load(from);
    }

    void Load(string from) => (_nextName, _namesCount) = (0, _bucket?.Names(from, _names) ?? 0);

    static (string Bucket, string? Name) Split(ReadOnlySpan<byte> term)
    {
        var zero = term.IndexOf((byte)0);
        return zero < 0 ? (Encoding.UTF8.GetString(term[1..]), null) : (Encoding.UTF8.GetString(term[1..zero]), Encoding.UTF8.GetString(term[(zero + 1)..]));
    }
}
