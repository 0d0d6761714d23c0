using System.Collections.Concurrent;

namespace Factstone.Storage;

/// <summary>The newest write of each cell that a memory part of the index knows.</summary>
/// <remarks>
/// Always true: a damaged stretch of the log may hide a newer write of every cell that has no write after it here.
/// Threads: one adds, others read.
/// </remarks>
internal sealed class MemoryCells
{
    /// <summary>The approximate memory of a cell or a bucket besides its texts.</summary>
    const int BytesPerCell = 256;
    const int BytesPerBucket = 640;

    readonly ConcurrentDictionary<string, MemoryBucket> _buckets = new(concurrencyLevel: 1, capacity: 7, StringComparer.Ordinal);
    readonly SortedNames _sorted = new();
    long _count;
    volatile int _unknownMarks;

    /// <summary>The number of cells, deleted ones included.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>The number of damaged stretches of the log that may hide a write of any cell.</summary>
    public int UnknownMarks => _unknownMarks;

    public CellEntry? Find(CellName cell) => _buckets.TryGetValue(cell.Bucket, out var bucket) ? bucket.Find(cell.Name) : null;

    /// <summary>The approximate memory of all cells.</summary>
    public long Bytes { get; private set; }

    /// <summary>Adds a write, unless a newer one is known.</summary>
    public void Add(CellName cell, CellEntry entry)
    {
        if (!_buckets.TryGetValue(cell.Bucket, out var bucket))
        {
            _buckets[cell.Bucket] = bucket = new MemoryBucket(cell.Bucket);
            Bytes += BytesPerBucket + (cell.Bucket.Length * sizeof(char));
        }

        var known = bucket.Find(cell.Name);

        // The same version was written again at another location.
        if (known is not null && known.Version > entry.Version) return;
        bucket.Put(cell.Name, entry.UnknownMarksBefore == _unknownMarks ? entry : entry with { UnknownMarksBefore = _unknownMarks });
        if (known is not null) return;
        Bytes += BytesPerCell + (cell.Name.Length * sizeof(char));
        Volatile.Write(ref _count, _count + 1);
    }

    /// <summary>Counts a damaged stretch of the log that may hide a write of any cell. Later writes are newer than that.</summary>
    public void MarkUnknown() => _unknownMarks++;

    /// <summary>All cells, in no order.</summary>
    public IEnumerable<KeyValuePair<CellName, CellEntry>> All()
    {
        foreach (var bucket in _buckets.Values)
            foreach (var (name, entry) in bucket.All()) yield return new(new CellName(bucket.Name, name), entry);
    }

    /// <summary>All buckets, in the order of their bytes.</summary>
    public string[] SortedBuckets() => _sorted.Of(_buckets);

    public MemoryBucket? Bucket(string name) => _buckets.GetValueOrDefault(name);
}
