using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Repairs;

/// <summary>
/// Flips every bit of a small ledger of several segments, one at a time, and
/// repairs the ledger. The repair loses exactly the fact that contains the bit.
/// </summary>
public sealed class RepairedBitTests
{
    static readonly ParallelOptions TwoAtATime = new() { MaxDegreeOfParallelism = 2 };

    [Fact]
    public void Repair_loses_the_fact_that_a_flipped_bit_belongs_to_and_nothing_else()
    {
        var given = new Given(ThreeSegments());
        Assert.Equal(3, given.Segments.Count);
        foreach (var path in given.Segments.Keys)
            Parallel.For(0L, given.Segments[path].LiveEnd * 8, TwoAtATime, bit => given.Check(path, bit));
    }

    [Fact]
    public void Where_the_last_writer_was_killed_repair_keeps_what_it_had_acknowledged()
    {
        var given = new Given(KilledInThirdSegment());
        Assert.Equal(3, given.Segments.Count);
        foreach (var path in given.Segments.Keys)
            Parallel.For(0L, given.Segments[path].LiveEnd, TwoAtATime, at => given.Check(path, (at * 8) + (at % 8)));
    }

    [Fact]
    public void A_flipped_bit_of_manifest_or_head_needs_no_repair()
    {
        var given = new Given(ThreeSegments());
        foreach (var name in (string[])["MANIFEST", "HEAD"])
        {
            var path = $"{SmallLedger.Root}/{name}";
            for (var at = 0L; at <= given.Files.LastWrittenByte(path); at++)
            {
                var files = given.Files.Clone();
                files.FlipBit(path, (at * 8) + (at % 8));
                var before = Repair.Bytes(files);

                Assert.False(Repair.Run(files).WasDamaged);

                Assert.Equal(before, Repair.Bytes(files));
            }
        }
    }

    /// <summary>In the first two segments, frames that recovery wrote again lie behind the live end. The last segment was closed.</summary>
    static MemoryFileSystem ThreeSegments()
    {
        var files = KilledInSecondSegment();
        using (var ledger = SmallLedger.Open(files)) SmallLedger.AppendOne(ledger);
        return files;
    }

    static MemoryFileSystem KilledInThirdSegment()
    {
        var files = KilledInSecondSegment();
        using var ledger = SmallLedger.Open(files);
        SmallLedger.AppendOne(ledger);
        return files.Clone();
    }

    static MemoryFileSystem KilledInSecondSegment()
    {
        var files = SmallLedger.Recovered();
        using var ledger = SmallLedger.Open(files);
        SmallLedger.AppendOne(ledger);
        return files.Clone();
    }

    /// <summary>An undamaged ledger, with the purpose of each of its bytes.</summary>
    sealed class Given
    {
        readonly List<Fact> _facts;

        public Given(MemoryFileSystem files)
        {
            Files = files;
            _facts = SmallLedger.FactsOf(files);
            Manifest = new ManifestFile(files, new LedgerLayout(SmallLedger.Root)).Read()!;
            for (var i = 0; i < Manifest.Segments.Count; i++)
            {
                var path = $"{SmallLedger.Root}/segments/{Manifest.Segments[i].Name}";
                var map = SegmentMap.Of(files, path);
                Segments[path] = (map, Manifest.EndOf(i) ?? map.End);
            }
        }

        public MemoryFileSystem Files { get; }

        public Manifest Manifest { get; }

        public Dictionary<string, (SegmentMap Map, long LiveEnd)> Segments { get; } = [];

        public void Check(string path, long bit)
        {
            var files = Files.Clone();
            files.FlipBit(path, bit);
            try
            {
                Check(files, path, bit / 8, isThorough: bit % 8 == bit / 8 % 8);
            }
            catch (Exception failure) when (failure is not PowerLostException)
            {
                throw new InvalidOperationException($"Bit {bit % 8} of byte {bit / 8} of {path}: {failure.Message}", failure);
            }
        }

        /// <param name="files">The damaged ledger.</param>
        /// <param name="path">The damaged file.</param>
        /// <param name="at">The damaged byte.</param>
        /// <param name="isThorough">Whether to make the slower checks, which run once per byte and not once per bit.</param>
        void Check(MemoryFileSystem files, string path, long at, bool isThorough)
        {
            var map = Segments[path].Map;
            var lost = map.FactAt(at);
            long[] expected = lost is null ? [] : [lost.Position.Value];
            var frame = map.Frames.FirstOrDefault(one => one.Start <= at && at < one.End);
            var isIdLost = frame is { Facts: [var first, ..] } && at < first.Start;
            if (isThorough) Assert.Equal(expected, Repair.Positions(Repair.Run(files.Clone(), isDryRun: true).Lost));

            var report = Repair.Run(files);

            Assert.True(report.WasDamaged);
            Assert.Equal(expected, Repair.Positions(report.Lost));
            Assert.Equal(isIdLost ? frame!.Facts.Select(fact => fact.Position.Value) : [], Repair.Positions(report.UnknownAppendIds));
            Assert.Equal(lost is not null || isIdLost ? 2 : 1, report.Epoch);
            Assert.Equal(_facts.Count - expected.Length, report.FactsLeft);
            Assert.Equal(expected.Length == 0 ? _facts.Count : expected[0] - 1, report.LastCommonPosition.Value);
            Assert.All(report.Quarantined, file => Assert.Contains($"{SmallLedger.Root}/{file}", files.Paths));

            using (var ledger = SmallLedger.Open(files))
            {
                Assert.Empty(ledger.Damage);
                Assert.True(ledger.Opening.WasClosedCleanly);
                Assert.Equal(report.Epoch, ledger.Epoch);
                Assert.Equal(_facts.Count + 1, ledger.Storage.Head.Position.Value);
                IsLeft(ledger, expected);
                if (isThorough) VersionsGoOn(ledger);
            }

            if (!isThorough) return;

            var before = Repair.Bytes(files);
            Assert.False(Repair.Run(files).WasDamaged);
            Assert.Equal(before, Repair.Bytes(files));
            Assert.Empty(StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions { Deep = true }, null, CancellationToken.None).Damage);
        }

        void IsLeft(Ledger ledger, long[] lost)
        {
            var left = _facts.Where(fact => !lost.Contains(fact.Position.Value)).ToList();
            AreSame(left, Repair.All(ledger));
            AreSame([.. Enumerable.Reverse(left)], Repair.All(ledger, backward: true));
            foreach (var position in lost) Assert.Null(SmallLedger.Now(ledger.ReadAtAsync(new Position(position))));
            foreach (var stream in _facts.Select(fact => fact.Stream).Distinct())
            {
                var ofStream = left.Where(fact => fact.Stream == stream).ToList();
                AreSame(ofStream, Repair.Stream(ledger, stream));
                AreSame([.. Enumerable.Reverse(ofStream)], Repair.Stream(ledger, stream, backward: true));
            }

            var receipt = Assert.Single(Repair.Stream(ledger, "$receipts/repair"));
            Assert.Equal(_facts.Count + 1, receipt.Position.Value);
        }

        void VersionsGoOn(Ledger ledger)
        {
            foreach (var ofStream in _facts.GroupBy(fact => fact.Stream))
            {
                var receipt = Repair.Append(ledger, new AppendRequest(new NewFact(ofStream.Key, "next", "1")));
                Assert.True(receipt.Versions.Single().Version > ofStream.Max(fact => fact.StreamVersion), $"{ofStream.Key} goes on at {receipt.Versions.Single().Version}.");
            }
        }

        static void AreSame(List<Fact> expected, List<Fact> actual)
        {
            Assert.Equal(expected.Select(fact => fact.Position), actual.Select(fact => fact.Position));
            for (var i = 0; i < expected.Count; i++) LedgerAnswers.Same(expected[i], actual[i]);
        }
    }
}
