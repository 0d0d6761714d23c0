using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>The slots of a table of fingerprints, partitioned by bucket, so that each part of the table is built from its own slots alone.</summary>
/// <remarks>
/// A partition contains the slots of a range of buckets, in the order in which they were added. It is stored in the
/// scratch space of the run; one chunk of it is in memory. A slot is stored as the number of its bucket in the partition
/// (u32), followed by its bytes.
/// </remarks>
/// <param name="scratch">The scratch space of the run.</param>
/// <param name="shape">The layout of a slot.</param>
/// <param name="buffer">Memory for one chunk of each partition, in use until <see cref="Complete"/>.</param>
/// <param name="bucketsPerPartition">The number of buckets in a partition.</param>
internal sealed class FingerprintPartitions(RunScratch scratch, BucketShape shape, Memory<byte> buffer, long bucketsPerPartition)
{
    const int SlotAt = sizeof(uint);

    readonly List<Partition> _partitions = [];
    readonly byte[] _chunk = new byte[scratch.ChunkBytes];

    int EntryBytes => SlotAt + shape.SlotBytes;

    int EntriesPerChunk => scratch.ChunkBytes / EntryBytes;

    public void Add(long bucket, in TermLocation term)
    {
        var number = (int)(bucket / bucketsPerPartition);
        while (_partitions.Count <= number) _partitions.Add(new Partition());
        var partition = _partitions[number];
        var bytes = buffer.Span.Slice(number * scratch.ChunkBytes, scratch.ChunkBytes);
        if (partition.Entries == EntriesPerChunk)
        {
            partition.Chunks.Add(scratch.Write(bytes[..(partition.Entries * EntryBytes)]));
            partition.Entries = 0;
        }

        var entry = bytes.Slice(partition.Entries++ * EntryBytes, EntryBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(entry, checked((uint)(bucket % bucketsPerPartition)));
        shape.Write(entry[SlotAt..], term);
    }

    /// <summary>Writes the buffered slots. The buffer is free afterwards.</summary>
    public void Complete()
    {
        for (var number = 0; number < _partitions.Count; number++)
            if (_partitions[number].Entries > 0)
                _partitions[number].Chunks.Add(scratch.Write(buffer.Span.Slice(number * scratch.ChunkBytes, _partitions[number].Entries * EntryBytes)));
    }

    /// <summary>The slots of the partition that contains a bucket, one chunk at a time. Each chunk is valid until the next one is requested.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Read(long bucket)
    {
        var number = (int)(bucket / bucketsPerPartition);
        if (number >= _partitions.Count) yield break;
        foreach (var chunk in _partitions[number].Chunks) yield return scratch.Read(chunk, _chunk);
    }

    /// <summary>Reads the next slot of a chunk.</summary>
    /// <param name="chunk">The chunk; on return, the rest of it.</param>
    /// <param name="partitionOf">A bucket of the partition.</param>
    /// <param name="slot">The slot.</param>
    /// <returns>The bucket of the slot.</returns>
    public long Next(ref ReadOnlySpan<byte> chunk, long partitionOf, out ReadOnlySpan<byte> slot)
    {
        slot = chunk[SlotAt..EntryBytes];
        var bucket = BinaryPrimitives.ReadUInt32LittleEndian(chunk);
        chunk = chunk[EntryBytes..];
        return (partitionOf / bucketsPerPartition * bucketsPerPartition) + bucket;
    }

    /// <summary>Frees the partition that contains a bucket. It is not read again.</summary>
    public void Free(long bucket)
    {
        var number = (int)(bucket / bucketsPerPartition);
        if (number >= _partitions.Count) return;
        foreach (var chunk in _partitions[number].Chunks) scratch.Free(chunk);
        _partitions[number] = new Partition();
    }

    sealed class Partition
    {
        public List<ScratchChunk> Chunks { get; } = [];

        /// <summary>The number of entries in the chunk that is in memory.</summary>
        public int Entries { get; set; }
    }
}
