namespace Factstone.Storage;

/// <summary>The frames of lost facts in the segments of a ledger, from the newest to the oldest. They are read from the files whenever they are asked for.</summary>
/// <remarks>Threads: <see cref="ReadAll"/> once, before any other call; then any number.</remarks>
internal sealed class LostFrames(IFileSystem files, LedgerLayout layout)
{
    readonly List<Chain> _chains = [];

    /// <summary>Receives a whole frame. Its bytes are valid during the call only.</summary>
    public delegate void Taking(in LostRange range, ReadOnlySpan<byte> frame, in FrameHeader header, uint seed);

    /// <summary>Passes all frames, the newest first; adds damage if one is unreadable, and leaves out those before it in its segment.</summary>
    public void ReadAll(IReadOnlyList<SegmentHeader> segments, List<Damage> damage, Taking take)
    {
        var (ordinal, unknown) = (0L, 0L);
        for (var i = segments.Count - 1; i >= 0; i--)
        {
            var header = segments[i];
            var path = layout.Segment(header.BasePosition, header.Generation);
            if (header.LastLost == 0 || !files.FileExists(path)) continue;
            using var file = new OpenChain(files, path, header);
            var oldest = 0L;
            for (var at = header.LastLost; at > 0;)
            {
                if (!file.TryRead(at, out var frame, out var bytes))
                {
                    damage.Add(DamageAt(path, at));
                    break;
                }

                var range = new LostRange(ordinal++, frame.BasePosition, LostFormat.Last(bytes, frame), LostFormat.KnownCount(bytes, frame), unknown, _chains.Count, at);
                take(range, bytes, frame, file.Seed);
                unknown += range.UnknownCount;
                (oldest, at) = (at, LostFormat.PreviousLost(bytes, frame));
            }

            if (oldest > 0) _chains.Add(new Chain(header, path, oldest));
        }
    }

    /// <summary>The frames from one on, the newest first, at most <paramref name="count"/>.</summary>
    /// <exception cref="LedgerDamagedException">A frame that was whole when the ledger was opened is damaged now.</exception>
    public LostRange[] ReadRanges(in LostRange from, int count)
    {
        var ranges = new List<LostRange>(count) { from };
        for (var i = from.Chain; ranges.Count < count && i < _chains.Count; i++)
        {
            var chain = _chains[i];
            using var file = new OpenChain(files, chain.Path, chain.Header);
            for (var at = i == from.Chain ? from.FileOffset : chain.Header.LastLost; ranges.Count < count;)
            {
                var bytes = file.Read(at, out var frame);
                var newer = ranges[^1];
                if (at != newer.FileOffset || i != newer.Chain)
                    ranges.Add(new LostRange(newer.Ordinal + 1, frame.BasePosition, LostFormat.Last(bytes, frame), LostFormat.KnownCount(bytes, frame), newer.UnknownBefore + newer.UnknownCount, i, at));
                if (at == chain.Oldest) break;
                at = LostFormat.PreviousLost(bytes, frame);
            }
        }

        return [.. ranges];
    }

    /// <summary>Shows a visitor what is known of the facts of a frame.</summary>
    /// <exception cref="LedgerDamagedException">The frame was whole when the ledger was opened, and is damaged now.</exception>
    public void Visit(in LostRange range, ILostVisitor visitor)
    {
        var chain = _chains[range.Chain];
        using var file = new OpenChain(files, chain.Path, chain.Header);
        var bytes = file.Read(range.FileOffset, out var frame);
        LostFormat.Visit(bytes, frame, file.Seed, visitor);
    }

    static Damage DamageAt(string path, long at) => new(path, at, Position.None, Position.None, "The record of lost facts in this segment is damaged.");

    /// <summary>The frames of one segment, each of which names the one before it.</summary>
    /// <param name="Header">The header of the segment.</param>
    /// <param name="Path">Its file.</param>
    /// <param name="Oldest">The offset of the oldest frame that was readable when the ledger was opened.</param>
    sealed record Chain(SegmentHeader Header, string Path, long Oldest);

    /// <summary>The file of a segment, while its frames are read backward.</summary>
    sealed class OpenChain(IFileSystem files, string path, SegmentHeader header) : IDisposable
    {
        /// <summary>Each frame is before the one that was read last, so this much before it is read with it.</summary>
        const int BytesBefore = 16 * 1_024;

        readonly Segment _segment = new(files.Open(path, FileOpening.ReadOnly), header);
        readonly FileWindow _window = new(1_024, 1_024 * 1_024);
        long _windowFrom = long.MaxValue;

        public uint Seed => _segment.Seed;

        public bool TryRead(long at, out FrameHeader frame, out ReadOnlySpan<byte> bytes)
        {
            bytes = default;
            var reader = new FrameReader(_segment, _window);
            if (at < _windowFrom)
            {
                _windowFrom = Math.Max(0, at - BytesBefore);
                reader.BytesAt(_windowFrom, (int)(at - _windowFrom) + FrameFormat.EmptyFrameBytes, long.MaxValue);
            }

            if (!reader.TryReadHeader(at, out frame)) return false;
            bytes = reader.BytesAt(at, frame.FrameBytes, at + frame.FrameBytes);
            return LostFormat.IsWhole(bytes, frame, Seed) && LostFormat.PreviousLost(bytes, frame) < at;
        }

        public ReadOnlySpan<byte> Read(long at, out FrameHeader frame) =>
            TryRead(at, out frame, out var bytes) ? bytes : throw new LedgerDamagedException("It is unknown which facts are lost.", [DamageAt(path, at)]);

        public void Dispose()
        {
            _window.Dispose();
            _segment.Dispose();
        }
    }
}

/// <summary>A frame of lost facts: the positions it covers, and where it is.</summary>
/// <param name="Ordinal">Its number, from 0 for the newest frame of the ledger.</param>
/// <param name="First">The first position.</param>
/// <param name="Last">The last position.</param>
/// <param name="KnownCount">The number of its facts whose header is known.</param>
/// <param name="UnknownBefore">The number of facts in newer frames that may have belonged to any stream.</param>
/// <param name="Chain">Its segment, by number.</param>
/// <param name="FileOffset">Its offset there.</param>
internal readonly record struct LostRange(long Ordinal, Position First, Position Last, int KnownCount, long UnknownBefore, int Chain, long FileOffset)
{
    public long Count => Last.Value - First.Value + 1;

    /// <summary>The number of its facts that may have belonged to any stream.</summary>
    public long UnknownCount => Count - KnownCount;
}
