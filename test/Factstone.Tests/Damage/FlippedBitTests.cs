using System.Collections.Concurrent;
using Factstone.Storage;

namespace Factstone.Tests.Damage;

/// <summary>Flips every bit of every file of a small ledger, one at a time. The damage is reported, and no answer is wrong.</summary>
/// <remarks>
/// These flips are no damage: any bit of LOCK, whose text is for people; in HEAD, bits outside its two slots; in a segment,
/// bits behind its live end, which the next segment or HEAD records. Every other byte of MANIFEST, HEAD and segments is used,
/// and verify reports a flip of any bit of it. MANIFEST and HEAD can be rebuilt, so appends continue after a flip in them.
/// After a flip in a live part of a segment, appends are refused.
/// </remarks>
public sealed class FlippedBitTests
{
    /// <summary>The size of a HEAD slot, and the offset of the second one. See docs/format.md, "HEAD".</summary>
    const int HeadSlotBytes = 84;
    const int HeadSlotStride = 512;

    static readonly Dictionary<string, (long First, int Count)> AppendIds = new() { ["first"] = (1, 4), ["third"] = (9, 4) };

    static readonly ParallelOptions TwoAtATime = new() { MaxDegreeOfParallelism = 2 };

    [Fact]
    public void A_ledger_that_was_closed_names_every_flipped_bit() => EveryBitOf(SmallLedger.WithoutIndex(SmallLedger.ClosedCleanly()));

    [Fact]
    public void A_ledger_whose_writer_was_killed_names_every_flipped_bit() => EveryBitOf(SmallLedger.WithoutIndex(SmallLedger.Killed()));

    // The first segment ends where the second one records, before the frames that recovery wrote again.
    [Fact]
    public void A_ledger_that_was_recovered_names_every_flipped_bit_of_its_segments() => EveryBitOf(SmallLedger.WithoutIndex(SmallLedger.Recovered()), LedgerLayout.IsSegment);

    // A segment that is followed by another one ends with a seal. Such segments are large, so the test flips one bit of each byte, and only
    // in parts that the test above does not cover.
    [Fact]
    public void A_sealed_segment_names_flipped_bits_of_its_header_and_seal()
    {
        var given = new Given(SmallLedger.WithoutIndex(SmallLedger.Rolled()));
        Assert.True(given.LiveEnds.Count >= 3);
        foreach (var (segment, end) in given.LiveEnds.SkipLast(1))
        {
            foreach (var at in Enumerable.Range(0, SegmentHeader.Bytes).Concat(Enumerable.Range((int)end - FrameFormat.EmptyFrameBytes, FrameFormat.EmptyFrameBytes)))
            {
                var files = given.Files.Clone();
                files.FlipBit(segment, (at * 8) + (at % 8));

                given.Check(files, given.ExpectedFor(segment, at));
            }
        }
    }

    // Preallocated space behind the tail was never written. Recovery cuts off what it contains and keeps that in quarantine.
    [Fact]
    public void A_bit_in_the_zeros_behind_the_tail_changes_nothing_that_is_read()
    {
        var given = new Given(SmallLedger.Killed());
        var segment = SmallLedger.OnlySegment(given.Files);
        var end = given.LiveEnds[segment];
        var length = given.Files.LengthOf(segment);
        for (var location = 0; location < 64; location++)
        {
            var bit = (end * 8) + (location < 16 ? location * 7 : (length - end) * 8 * (location - 15) / 49);
            var files = given.Files.Clone();
            files.FlipBit(segment, Math.Min(bit, (length * 8) - 1));

            given.Check(files, Expected.Nothing);

            using var ledger = SmallLedger.Open(files);
            given.Answers(ledger, Expected.Nothing, given.Facts.Count + 1);
        }
    }

    static void EveryBitOf(MemoryFileSystem files, Func<string, bool>? isTried = null)
    {
        var given = new Given(files);
        Assert.True(given.Facts.Count >= 12);
        Assert.InRange(files.Paths.Sum(path => files.LastWrittenByte(path) + 1), 1, 6 * 1_024);
        given.Check(files.Clone(), Expected.Nothing);

        var wrong = new ConcurrentQueue<string>();
        foreach (var path in files.Paths.Where(path => isTried?.Invoke(path) ?? true))
        {
            Parallel.For(0, (files.LastWrittenByte(path) + 1) * 8, TwoAtATime, (bit, loop) =>
            {
                var damaged = files.Clone();
                damaged.FlipBit(path, bit);
                try
                {
                    given.Check(damaged, given.ExpectedFor(path, bit / 8));
                }
                catch (Exception exception)
                {
                    wrong.Enqueue($"{path}, byte {bit / 8}, bit {bit % 8}: {exception}");
                    if (wrong.Count > 5) loop.Stop();
                }
            });
        }

        Assert.True(wrong.IsEmpty, string.Join("\n\n", wrong));
    }

    /// <summary>The expected effect of a flip.</summary>
    sealed record Expected
    {
        public static readonly Expected Nothing = new();

        /// <summary>The file that verify must name, or null.</summary>
        public string? File { get; init; }

        /// <summary>Whether the damaged bytes were durable and cannot be rebuilt, so that appends are refused.</summary>
        public bool IsRefused { get; init; }

        /// <summary>The earliest and latest offset at which the damage may begin.</summary>
        public (long From, long To) FileOffset { get; init; }

        /// <summary>The fact that contains the byte.</summary>
        public FactInFrame? Fact { get; init; }

        public bool IsHeaderOfFactLost { get; init; }

        public bool IsHeaderOfFrameLost { get; init; }

        /// <summary>The last position that a read-only open can show, or null if it shows all.</summary>
        public int? Published { get; init; }
    }

    sealed class Given
    {
        readonly Dictionary<string, SegmentMap> _maps = [];
        readonly (int Newest, int Older) _slots;
        readonly int _olderPosition;

        public Given(MemoryFileSystem files)
        {
            Files = files;
            Facts = SmallLedger.FactsOf(files);
            foreach (var path in files.Paths.Where(LedgerLayout.IsSegment)) _maps.Add(path, SegmentMap.Of(files, path));

            var manifest = new ManifestFile(files, new LedgerLayout(SmallLedger.Root)).Read()!;
            for (var i = 0; i < manifest.Segments.Count; i++)
            {
                var path = $"{SmallLedger.Root}/segments/{manifest.Segments[i].Name}";
                LiveEnds[path] = manifest.EndOf(i) ?? _maps[path].End;
            }

            var head = files.ReadAll($"{SmallLedger.Root}/HEAD");
            var slots = new[] { HeadSlot.Read(head.AsSpan(0, HeadSlotBytes))!.Value, HeadSlot.Read(head.AsSpan(HeadSlotStride, HeadSlotBytes))!.Value };
            _slots = slots[0].Sequence > slots[1].Sequence ? (0, 1) : (1, 0);
            _olderPosition = (int)slots[_slots.Older].Position.Value;
            Assert.Equal(Facts.Count, slots[_slots.Newest].Position.Value);
        }

        public MemoryFileSystem Files { get; }

        public List<Fact> Facts { get; }

        public Dictionary<string, long> LiveEnds { get; } = [];

        public Expected ExpectedFor(string path, long at) => path[(SmallLedger.Root.Length + 1)..] switch
        {
            "LOCK" => Expected.Nothing,
            "MANIFEST" => new Expected { File = path },
            "HEAD" when at % HeadSlotStride >= HeadSlotBytes || at >= 2 * HeadSlotStride => Expected.Nothing,

            // The writer finds the facts behind the older slot in the log. A reader shows what the older slot records.
            "HEAD" => new Expected { File = path, Published = at / HeadSlotStride == _slots.Newest ? _olderPosition : null },
            _ when at >= LiveEnds[path] => Expected.Nothing,
            _ when at < SegmentHeader.Bytes => new Expected { File = path, IsRefused = true },
            _ => InFrame(path, at),
        };

        /// <summary>Opens the ledger for writing and for reading, verifies it, and compares every answer.</summary>
        public void Check(MemoryFileSystem files, Expected expected)
        {
            var report = StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions(), null, CancellationToken.None);
            Assert.Equal(expected.IsRefused, report.State == LedgerState.Damaged);
            Assert.Equal(expected.IsRefused, report.Damage.Count > 0);
            Assert.Equal(expected.File is not null && !expected.IsRefused, report.Remade.Count > 0);
            if (expected.File is not null) Named(expected.IsRefused ? report.Damage : report.Remade, expected);

            using (var reading = SmallLedger.OpenReadOnly(files))
            {
                Assert.Equal(expected.IsRefused, reading.Damage.Count > 0);
                Answers(reading, expected, expected.Published ?? Facts.Count);
            }

            using (var ledger = SmallLedger.Open(files))
            {
                Assert.Equal(expected.IsRefused, ledger.Damage.Count > 0);
                Answers(ledger, expected, Facts.Count);
                if (expected.IsRefused) IsRefused(files, ledger, expected);
                else Assert.Equal(Facts.Count + 1, SmallLedger.AppendOne(ledger).FirstPosition.Value);
            }

            if (!expected.IsRefused) SurvivesReopen(files);
        }

        public void Answers(Ledger ledger, Expected expected, int count)
        {
            var facts = count > Facts.Count ? [.. Facts, SmallLedger.Now(ledger.ReadAtAsync(new Position(count)))!] : Facts[..count];
            var damaged = new HashSet<long>();
            if (expected.Fact is { } fact) damaged.Add(fact.Position.Value);
            var appends = AppendIds.Where(id => id.Value.First <= count).ToDictionary();
            new LedgerAnswers(ledger, facts, appends, damaged, expected.IsHeaderOfFactLost) { MayAppendsBeUnknown = expected.IsHeaderOfFrameLost }.AreRight();
        }

        Expected InFrame(string path, long at)
        {
            var frame = _maps[path].Frames.First(one => one.Start <= at && at < one.End);
            var fact = _maps[path].FactAt(at);
            return new Expected
            {
                File = path,
                IsRefused = true,
                Fact = fact,
                FileOffset = fact is null ? (frame.Start, frame.Start) : (fact.Start, fact.Start),
                IsHeaderOfFactLost = fact is not null && at < fact.BodyStart,
                IsHeaderOfFrameLost = fact is null && frame.Facts.Count > 0 && at < frame.Facts[0].Start,
            };
        }

        static void Named(IReadOnlyList<Factstone.Damage> damage, Expected expected) => Assert.Contains(damage, one =>
            one.File == expected.File && one.FileOffset >= expected.FileOffset.From && one.FileOffset <= expected.FileOffset.To
            && (expected.Fact is not { } fact || (one.FirstPosition == fact.Position && one.LastPosition == fact.Position)));

        static void IsRefused(MemoryFileSystem files, Ledger ledger, Expected expected)
        {
            Named(ledger.Damage, expected);
            var before = files.ReadAll(expected.File!);
            var refused = Assert.Throws<LedgerDamagedException>(() => SmallLedger.AppendOne(ledger));
            Named(refused.Damage, expected);
            Assert.Equal(before, files.ReadAll(expected.File!));
        }

        void SurvivesReopen(MemoryFileSystem files)
        {
            using var again = SmallLedger.Open(files);
            Assert.Empty(again.Damage);
            Assert.True(again.Opening.WasClosedCleanly);
            Assert.False(again.Opening.HeadWasRebuilt);
            Assert.False(again.Opening.ManifestWasRebuilt);
            Assert.Equal(Facts.Count + 1, again.Storage.Head.Position.Value);
            Assert.Equal("9", SmallLedger.Now(again.ReadLatestAsync("orders/9"))!.Json);
            LedgerAnswers.Same(Facts[^1], SmallLedger.Now(again.ReadAtAsync(Facts[^1].Position)));
        }
    }
}
