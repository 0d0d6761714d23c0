namespace Factstone;

/// <summary>Whether the versions of all streams follow one another, told by one sum over all facts, whatever the number of streams.</summary>
/// <remarks>
/// Each fact adds a hash of its stream and version, and takes away that of the version before. What is left of a stream
/// without a gap is the hash of its last version, which the index knows. A version that is missing or there twice leaves
/// something else, except with a probability of 1 in 2^64. The sum does not tell the order: a deep check compares it.
/// </remarks>
internal sealed class VersionSums
{
    ulong _sum;

    public void Add(Fact fact)
    {
        var stream = HashOf(fact.Stream);
        var version = fact.StreamVersion.Value;
        _sum += Mixed(stream, version);
        if (version > 1) _sum -= Mixed(stream, version - 1);
    }

    /// <summary>Compares the sum with the last versions that the index knows.</summary>
    /// <exception cref="LedgerDamagedException">The index cannot tell.</exception>
    public bool AreOf(IFactStorage storage, Position head, CancellationToken cancellationToken)
    {
        var sum = _sum;
        foreach (var store in storage.Stores(cancellationToken))
        {
            foreach (var (stream, state) in storage.Streams(store.Store, "", after: null, head, long.MaxValue, cancellationToken))
            {
                cancellationToken.ThrowIfCancellationRequested();
                sum -= Mixed(HashOf(stream), state.Version.Value);
            }
        }

        return sum == 0;
    }

    /// <summary>FNV-1a over the UTF-16 code units of store and key.</summary>
    public static ulong HashOf(StreamName stream)
    {
        var hash = 14_695_981_039_346_656_037UL;
        foreach (var unit in stream.Store) hash = (hash ^ unit) * 1_099_511_628_211;
        hash = (hash ^ 0xFFFF_FFFF) * 1_099_511_628_211;
        foreach (var unit in stream.Key) hash = (hash ^ unit) * 1_099_511_628_211;
        return hash;
    }

    /// <summary>The finalizer of SplitMix64 (Steele, Lea and Flood 2014).</summary>
    static ulong Mixed(ulong stream, long version)
    {
        var mixed = stream + ((ulong)version * 0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58_476D_1CE4_E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EB;
        return mixed ^ (mixed >> 31);
    }
}
