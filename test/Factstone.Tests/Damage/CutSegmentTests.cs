using Factstone.Storage;

namespace Factstone.Tests.Damage;

/// <summary>
/// A cut is the simplest crash. The tests cut the segment at every byte:
/// the file ends there, or the rest is zeros, as in preallocated space.
/// </summary>
public sealed class CutSegmentTests
{
    public static readonly TheoryData<bool, bool> Kinds = new()
    {
        { false, false },
        { false, true },
        { true, false },
        { true, true },
    };

    // Without HEAD, nothing records what was durable. Recovery keeps every whole append and treats the rest as a torn tail.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Without_head_a_segment_cut_anywhere_keeps_exactly_its_whole_appends(bool twoInOneWrite, bool zerosBehind)
    {
        var given = new Given(twoInOneWrite);
        for (var cut = SegmentHeader.Bytes; cut <= given.Map.End; cut++)
        {
            var files = given.Cut(cut, zerosBehind);
            files.Delete($"{SmallLedger.Root}/HEAD");

            given.RecoversWholeAppends(files, cut);
        }
    }

    // HEAD records what was durable. A power cut may undo its last updates, so HEAD can name the end of any write before the cut.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void With_head_at_or_below_the_cut_a_segment_keeps_exactly_its_whole_appends(bool twoInOneWrite, bool zerosBehind)
    {
        var given = new Given(twoInOneWrite);
        foreach (var end in given.WriteEnds())
        {
            for (var cut = (int)end.FileOffset; cut <= given.Map.End; cut++)
            {
                var files = given.Cut(cut, zerosBehind);
                given.PublishAt(files, end);

                given.RecoversWholeAppends(files, cut);
            }
        }
    }

    // Bytes below HEAD were durable. If they are missing, that is damage, wherever the cut is, and appends are refused. Facts before the
    // cut can still be read, including whole facts of the append that was cut.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void With_head_above_the_cut_it_is_damage_and_no_torn_tail(bool twoInOneWrite, bool zerosBehind)
    {
        var given = new Given(twoInOneWrite);
        for (var cut = 0; cut < given.Map.End; cut++)
        {
            var files = given.Cut(cut, zerosBehind);
            if (files.LastWrittenByte(given.Segment) == given.LastWrittenByte) continue; // only zeros of the padding were cut, and zeros are there

            var lost = given.Map.Frames.SelectMany(frame => frame.Facts).Where(fact => given.IsCut(files, fact)).ToList();
            given.SaysDamaged(files, SmallLedger.Open, cut, lost);
            given.SaysDamaged(files, SmallLedger.OpenReadOnly, cut, lost);
            Assert.NotEmpty(StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions(), null, TestContext.Current.CancellationToken).Damage);
        }
    }

    [Fact]
    public void Without_head_a_segment_cut_in_its_header_says_so()
    {
        var given = new Given(twoInOneWrite: false);
        for (var cut = 0; cut < SegmentHeader.Bytes; cut++)
        {
            var files = given.Cut(cut, zerosBehind: false);
            files.Delete($"{SmallLedger.Root}/HEAD");

            using var ledger = SmallLedger.Open(files);

            Assert.Equal(given.Segment, Assert.Single(ledger.Damage).File);
            Assert.Equal(Position.None, ledger.Storage.Head.Position);
            Assert.Throws<LedgerDamagedException>(() => SmallLedger.AppendOne(ledger));
        }
    }

    sealed class Given
    {
        readonly MemoryFileSystem _files;
        readonly List<Fact> _facts;
        readonly byte[] _bytes;
        readonly HeadSlot _published;

        public Given(bool twoInOneWrite)
        {
            _files = twoInOneWrite ? SmallLedger.KilledWithTwoAppendsInOneWrite() : SmallLedger.Killed();
            Segment = SmallLedger.OnlySegment(_files);
            Map = SegmentMap.Of(_files, Segment);
            _facts = SmallLedger.FactsOf(_files);
            _bytes = [.. _files.ReadAll(Segment), .. new byte[FrameFormat.Alignment]];
            LastWrittenByte = _files.LastWrittenByte(Segment);
            using var page = _files.OpenSharedPage($"{SmallLedger.Root}/HEAD", writable: false);
            _published = new HeadFile(page).Read(out _)!.Value;
            Assert.Equal(Map.End, _published.FileOffset);
        }

        public string Segment { get; }

        public SegmentMap Map { get; }

        public long LastWrittenByte { get; }

        public MemoryFileSystem Cut(int bytes, bool zerosBehind)
        {
            var files = _files.Clone();
            files.Replace(Segment, _bytes.AsSpan(0, bytes), zerosBehind ? files.LengthOf(Segment) : null);
            return files;
        }

        /// <summary>
        /// The end of each write, with the last position written by then. The end of the header stands for a ledger without facts.
        /// </summary>
        public List<(long FileOffset, Position Last)> WriteEnds() =>
        [
            (SegmentHeader.Bytes, Position.None),
            .. Map.Frames.GroupBy(frame => frame.GroupStart, (_, write) => write.Last()).Select(last => (last.End, last.Facts[^1].Position)),
        ];

        public void PublishAt(MemoryFileSystem files, (long FileOffset, Position Last) end)
        {
            files.Replace($"{SmallLedger.Root}/HEAD", []);
            using var page = files.OpenSharedPage($"{SmallLedger.Root}/HEAD", writable: true);
            new HeadFile(page).PublishDurably(_published with { FileOffset = end.FileOffset, Position = end.Last });
        }

        public bool IsCut(MemoryFileSystem files, FactInFrame fact)
        {
            var bytes = files.ReadAll(Segment);
            for (var at = fact.Start; at < fact.End; at++)
                if ((at < bytes.Length ? bytes[at] : 0) != _bytes[at] || at >= files.LengthOf(Segment)) return true;
            return false;
        }

        public void RecoversWholeAppends(MemoryFileSystem files, int cut)
        {
            // If the last bytes of a frame are zeros and zeros follow the cut, no byte is missing.
            var whole = Map.Frames.TakeWhile(frame => frame.End <= cut || (files.LengthOf(Segment) >= frame.End && _bytes.AsSpan(cut, (int)frame.End - cut).IndexOfAnyExcept((byte)0) < 0)).ToList();
            var count = whole.Sum(frame => frame.Facts.Count);
            using (var ledger = SmallLedger.Open(files))
            {
                Assert.Empty(ledger.Damage);
                Assert.Equal(count, ledger.Opening.Facts);
                new LedgerAnswers(ledger, _facts[..count], new Dictionary<string, (long, int)>(), new HashSet<long>(), isHeaderLost: false).AreRight();

                Assert.Equal(count + 1, SmallLedger.AppendOne(ledger).FirstPosition.Value);
            }

            using var again = SmallLedger.Open(files);
            Assert.Equal(count + 1, again.Storage.Head.Position.Value);
            Assert.Equal("9", SmallLedger.Now(again.ReadLatestAsync("orders/9"))!.Json);
            if (count > 0) LedgerAnswers.Same(_facts[count - 1], SmallLedger.Now(again.ReadAtAsync(new Position(count))));
        }

        public void SaysDamaged(MemoryFileSystem files, Func<IFileSystem, Ledger> open, int cut, List<FactInFrame> lost)
        {
            using var ledger = open(files);
            Assert.NotEmpty(ledger.Damage);
            Assert.Contains(ledger.Damage, one => one.File == Segment && one.FileOffset <= cut);
            foreach (var fact in lost)
                Assert.Contains(ledger.Damage, one => one.File == Segment && one.FirstPosition <= fact.Position && fact.Position <= one.LastPosition);

            var positions = lost.Select(fact => fact.Position.Value).ToHashSet();
            new LedgerAnswers(ledger, _facts, new Dictionary<string, (long, int)> { ["first"] = (1, 4), ["third"] = (9, 4) }, positions, isHeaderLost: positions.Count > 0) { MayAppendsBeUnknown = true }.AreRight();
            if (!ledger.IsReadOnly)
                Assert.Throws<LedgerDamagedException>(() => SmallLedger.AppendOne(ledger));
        }
    }
}
