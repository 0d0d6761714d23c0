using System.Collections.Concurrent;

namespace Factstone.Storage;

/// <summary>The newest write of each cell that a part of the index in memory knows of.</summary>
/// <remarks>
/// Always true: a damaged stretch of the log may hide a newer write of any cell that was not written behind it here.
/// Threads: one adds, others read.
/// </remarks>
internal sealed class MemoryCells
{
    /// <summary>What a cell and a bucket take besides their texts, roughly.</summary>
    const int BytesPerCell = 256;
    const int BytesPerBucket = 640;

    readonly ConcurrentDictionary<string, MemoryBucket> _buckets = new(concurrencyLevel: 1, capacity: 7, StringComparer.Ordinal);
    readonly SortedNames _sorted = new();
    long _count;
    volatile int _missed;

    /// <summary>Cells, those included that were deleted.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>Damaged stretches of the log that may hide a write of any cell.</summary>
    public int Missed => _missed;

    public CellEntry? Find(CellName cell) => _buckets.TryGetValue(cell.Bucket, out var bucket) ? bucket.Find(cell.Name) : null;

    /// <summary>Roughly what they take.</summary>
    public long Bytes { get; private set; }

    /// <summary>Takes in a write, unless it knows of a newer one.</summary>
    public void Add(CellName cell, CellEntry entry)
    {
        if (!_buckets.TryGetValue(cell.Bucket, out var bucket))
        {
            _buckets[cell.Bucket] = bucket = new MemoryBucket(cell.Bucket);
            Bytes += BytesPerBucket + (cell.Bucket.Length * sizeof(char));
        }

        var known = bucket.Find(cell.Name);

        // The same version again has been written anew at another place.
        if (known is not null && known.Version > entry.Version) return;
        bucket.Put(cell.Name, entry.MissedBefore == _missed ? entry : entry with { MissedBefore = _missed });
        if (known is not null) return;
        Bytes += BytesPerCell + (cell.Name.Length * sizeof(char));
        Volatile.Write(ref _count, _count + 1);
    }

    /// <summary>A stretch of the log is damaged that may hold a write of any cell. What comes behind it is newer.</summary>
    public void Miss() => _missed++;

    /// <summary>All of them, in no order.</summary>
    public IEnumerable<KeyValuePair<CellName, CellEntry>> All()
    {
        foreach (var bucket in _buckets.Values)
            foreach (var (name, entry) in bucket.All()) yield return new(new CellName(bucket.Name, name), entry);
    }

    /// <summary>The buckets there are, in the order of their bytes.</summary>
    public string[] SortedBuckets() => _sorted.Of(_buckets);

    public MemoryBucket? Bucket(string name) => _buckets.GetValueOrDefault(name);
}
