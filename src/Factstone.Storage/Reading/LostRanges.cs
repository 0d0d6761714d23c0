using System.Runtime.InteropServices;

namespace Factstone.Storage;

/// <summary>The ranges of lost positions. A bounded number of them is in memory; those between two of these are read from the log.</summary>
/// <remarks>Threads: <see cref="Add"/> by one, before any other call; then any number.</remarks>
internal sealed class LostRanges(LostFrames frames)
{
    /// <summary>The number of ranges in memory, at most: 4 MiB. In a ledger with fewer ranges, no question reads the log.</summary>
    public const int KeptMax = 64 * 1_024;

    /// <summary>Ranges that were read from the log are kept, because the next question is often about the same ones.</summary>
    const int BlocksKept = 8;

    readonly List<LostRange> _kept = [];
    readonly Block?[] _blocks = new Block?[BlocksKept];

    /// <summary>One of as many ranges is in memory: 1, 2, 4 and so on.</summary>
    int _stride = 1;

    /// <summary>The number of ranges.</summary>
    public long Frames { get; private set; }

    /// <summary>The number of lost facts.</summary>
    public long Count { get; private set; }

    /// <summary>The number of lost facts that may have belonged to any stream.</summary>
    public long UnknownCount { get; private set; }

    public Position Newest => _kept.Count > 0 ? _kept[0].Last : Position.None;

    /// <summary>Adds a range that is older than all others.</summary>
    public void Add(in LostRange range)
    {
        Frames++;
        Count += range.Count;
        UnknownCount += range.UnknownCount;
        if (range.Ordinal % _stride != 0) return;
        if (_kept.Count == KeptMax)
        {
            var left = 0;
            for (var i = 0; i < _kept.Count; i += 2) _kept[left++] = _kept[i];
            _kept.RemoveRange(left, _kept.Count - left);
            _stride *= 2;
        }

        if (range.Ordinal % _stride == 0) _kept.Add(range);
    }

    /// <summary>The newest range that begins at or below a position; false if there is none.</summary>
    public bool TryFind(Position position, out LostRange range)
    {
        var kept = CollectionsMarshal.AsSpan(_kept);
        var at = FirstAt(kept, position);
        if (_stride > 1 && at > 0)
        {
            var block = BlockAt(at - 1);
            if (FirstAt(block, position) is var inBlock && inBlock < block.Length)
            {
                range = block[inBlock];
                return true;
            }
        }

        range = at < kept.Length ? kept[at] : default;
        return at < kept.Length;
    }

    /// <summary>The first of some ranges, the newest of which comes first, that begins at or below a position; their number if there is none.</summary>
    static int FirstAt(ReadOnlySpan<LostRange> ranges, Position position)
    {
        int low = 0, high = ranges.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (ranges[middle].First <= position) high = middle;
            else low = middle + 1;
        }

        return low;
    }

    public LostRange At(long ordinal) => _stride == 1 ? _kept[(int)ordinal] : BlockAt((int)(ordinal / _stride))[ordinal % _stride];

    /// <summary>The range that is in memory by number, and those between it and the next one.</summary>
    LostRange[] BlockAt(int number)
    {
        ref var slot = ref _blocks[number % BlocksKept];
        if (Volatile.Read(ref slot) is { } known && known.Number == number) return known.Ranges;
        var block = new Block(number, frames.ReadRanges(_kept[number], _stride));
        Volatile.Write(ref slot, block);
        return block.Ranges;
    }

    sealed record Block(int Number, LostRange[] Ranges);
}
