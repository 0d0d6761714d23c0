namespace Factstone.Storage;

/// <summary>Says in which frames of lost facts a stream or an append id may be named. It never leaves out a frame that names it.</summary>
/// <remarks>
/// Always true: at most <see cref="EntriesMax"/> names of the newest frames are kept, of eight bytes each. Of the names of
/// all older frames, a Bloom filter of a fixed size knows whether there is such a name, but not in which of these frames.
/// Threads: <see cref="Add"/> and <see cref="Complete"/> by one, before any other call; then any number.
/// </remarks>
internal sealed class LostNames
{
    /// <summary>32 MiB: four million pairs of a name and a frame.</summary>
    public const int EntriesMax = 4 * 1_024 * 1_024;

    /// <summary>32 MiB, if there are more names: of ten million older ones, it confuses one lookup in 2,000.</summary>
    const int FilterWords = 4 * 1_024 * 1_024;

    const int FrameBits = 32;

    /// <summary>32 bits of the hash of a name, then the number of the frame; sorted when complete.</summary>
    ulong[] _entries = [];
    int _count;
    ulong[]? _older;
    long _olderFrom = long.MaxValue;

    /// <summary>Adds a name. Frames come by number.</summary>
    public void Add(ulong hash, long frame)
    {
        var entry = Entry(hash, frame);
        if (_count > 0 && _entries[_count - 1] == entry) return;
        if (_count == EntriesMax)
        {
            if (_older is null) (_older, _olderFrom) = (new ulong[FilterWords], frame);
            for (var i = 0; i < 4; i++) _older[WordOf(hash, i, out var bit)] |= bit;
            return;
        }

        if (_count == _entries.Length) Array.Resize(ref _entries, Math.Min(EntriesMax, Math.Max(1_024, _count * 2)));
        _entries[_count++] = entry;
    }

    public void Complete()
    {
        Array.Resize(ref _entries, _count);
        Array.Sort(_entries);
    }

    /// <summary>The numbers of the frames that may name something, the lowest first.</summary>
    /// <param name="hash">The hash of its name.</param>
    /// <param name="from">The lowest number.</param>
    /// <param name="frames">The number of all frames.</param>
    public IEnumerable<long> Frames(ulong hash, long from, long frames)
    {
        var at = Array.BinarySearch(_entries, Entry(hash, from));
        var last = -1L;
        for (var i = at < 0 ? ~at : at; i < _count && _entries[i] >> FrameBits == hash >> FrameBits; i++)
        {
            var frame = (long)(uint)_entries[i];
            if (frame > last) yield return last = frame;
        }

        if (_older is null || !IsInFilter(hash)) yield break;
        for (var frame = Math.Max(Math.Max(_olderFrom, from), last + 1); frame < frames; frame++) yield return frame;
    }

    static ulong Entry(ulong hash, long frame) => (hash >> FrameBits << FrameBits) | (uint)frame;

    bool IsInFilter(ulong hash)
    {
        for (var i = 0; i < 4; i++)
            if ((_older![WordOf(hash, i, out var bit)] & bit) == 0) return false;
        return true;
    }

    static int WordOf(ulong hash, int probe, out ulong bit)
    {
        var mixed = (hash + ((ulong)probe * ((hash >> 29) | 1))) * 0x9E3779B97F4A7C15;
        bit = 1UL << (int)(mixed >> 58);
        return (int)(mixed >> 20) & (FilterWords - 1);
    }
}
