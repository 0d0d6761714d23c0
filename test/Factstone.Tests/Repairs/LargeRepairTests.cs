using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Repairs;

/// <summary>Damage in the middle of many facts. A repair keeps everything that the file layout allows it to keep.</summary>
public sealed class LargeRepairTests
{
    const int FactsPerAppend = 1_000;
    const int Streams = 10_000;

    [Fact]
    public void Of_a_million_facts_repair_saves_exactly_those_that_are_whole()
    {
        const int facts = 1_000_000;
        const int seed = 20_240_506;
        var files = Write(facts);
        var random = new Random(seed);
        var middle = Manifest(files).Segments[Manifest(files).Segments.Count / 2];
        var path = $"{SmallLedger.Root}/segments/{middle.Name}";
        var damaged = Damage(files, path, random, out var unknownIds);
        Assert.True(damaged.Count > 20, $"Seed {seed} damages {damaged.Count} facts.");

        using (var ledger = Open(files))
        {
            ReadsAllOthers(ledger, facts, damaged, throwsAtDamage: true);
            var refused = Assert.Throws<LedgerDamagedException>(() => SmallLedger.AppendOne(ledger));
            Assert.All(refused.Damage, one => Assert.Equal(path, one.File));
            Assert.All(damaged, position => Assert.Contains(refused.Damage, one => one.FirstPosition.Value <= position && position <= one.LastPosition.Value));
        }

        var report = Repair.Run(files);

        Assert.Equal(damaged.Order(), Repair.Positions(report.Lost));
        Assert.Equal(facts - damaged.Count, report.FactsLeft);
        Assert.Equal(damaged.Min() - 1, report.LastCommonPosition.Value);
        Assert.Equal(unknownIds.Order(), Repair.Positions(report.UnknownAppendIds).Where(unknownIds.Contains));
        using (var ledger = Open(files))
        {
            Assert.Empty(ledger.Damage);
            ReadsAllOthers(ledger, facts, damaged, throwsAtDamage: false);
            Assert.Throws<LedgerForkedException>(() => ledger.Resolve(new LedgerCursor(ledger.Id, 1, new Position(facts))));
            Assert.Equal(facts + 2, SmallLedger.AppendOne(ledger).FirstPosition.Value);
            var receipt = Assert.Single(Repair.Stream(ledger, "$receipts/repair"));
            foreach (var range in report.Lost) Assert.Contains($$"""{"first":{{range.First}},"last":{{range.Last}}}""", receipt.Json, StringComparison.Ordinal);
        }

        // Now through the runs, which omit the lost facts.
        using var again = Open(files);
        ReadsAllOthers(again, facts, damaged, throwsAtDamage: false);
    }

    static MemoryFileSystem Write(int facts)
    {
        var files = new MemoryFileSystem();
        using var ledger = Open(files);
        var batch = new NewFact[FactsPerAppend];
        for (var i = 0; i < facts; i += FactsPerAppend)
        {
            for (var j = 0; j < FactsPerAppend; j++) batch[j] = new NewFact(new StreamName("orders", $"{(i + j) % Streams}"), "placed", $"{i + j + 1}");
            Repair.Append(ledger, new AppendRequest { Facts = batch, AppendId = $"batch-{i}" });
        }

        return files;
    }

    /// <summary>
    /// Flips bits all over a segment and wipes two pages of it. Returns the
    /// facts that lost a byte, according to the layout of the undamaged file.
    /// </summary>
    static HashSet<long> Damage(MemoryFileSystem files, string path, Random random, out HashSet<long> unknownIds)
    {
        var map = SegmentMap.Of(files, path);
        var original = files.ReadAll(path);
        var content = (byte[])original.Clone();
        var touched = new List<(long From, long To)>();
        for (var i = 0; i < 20; i++)
        {
            var at = random.NextInt64(SegmentHeader.Bytes, map.End);
            touched.Add((at, at + 1));
        }

        for (var i = 0; i < 2; i++)
        {
            var at = random.NextInt64(SegmentHeader.Bytes, map.End - 4_096) / 4_096 * 4_096;
            touched.Add((at, at + 4_096));
        }

        foreach (var (from, to) in touched)
            for (var at = from; at < to; at++) content[at] = to - from == 1 ? (byte)(content[at] ^ (1 << random.Next(8))) : (byte)0;
        var length = files.LengthOf(path);
        files.Replace(path, content, length);

        unknownIds = [.. map.Frames.Where(frame => frame.Facts.Count > 0 && touched.Exists(one => one.From < frame.Facts[0].Start && frame.Start < one.To)).SelectMany(frame => frame.Facts).Select(fact => fact.Position.Value)];
        return [.. map.Frames.SelectMany(frame => frame.Facts)
            .Where(fact => touched.Exists(one => one.From < fact.End && fact.Start < one.To) && !content.AsSpan((int)fact.Start, (int)(fact.End - fact.Start)).SequenceEqual(original.AsSpan((int)fact.Start, (int)(fact.End - fact.Start))))
            .Select(fact => fact.Position.Value)];
    }

    static void ReadsAllOthers(Ledger ledger, int facts, HashSet<long> damaged, bool throwsAtDamage)
    {
        var count = 0L;
        for (var next = 1L; next <= facts;)
        {
            var enumerator = ledger.ReadAsync(new ReadOptions { From = new Position(next) }).GetAsyncEnumerator();
            try
            {
                while (SmallLedger.Now(enumerator.MoveNextAsync()))
                {
                    var fact = enumerator.Current;
                    var isRight = fact.Position.Value > facts || !damaged.Contains(fact.Position.Value) && fact.Json == $"{fact.Position.Value}" && fact.Stream.Key == $"{(fact.Position.Value - 1) % Streams}";
                    if (!isRight) Assert.Fail($"{fact} is not what was appended.");
                    if (fact.Position.Value > facts) continue;
                    count++;
                    next = fact.Position.Value + 1;
                }

                next = facts + 1;
            }
            catch (LedgerDamagedException) when (throwsAtDamage)
            {
                Assert.Contains(next, damaged);
                next++;
            }
        }

        Assert.Equal(facts - damaged.Count, count);
    }

    static Manifest Manifest(MemoryFileSystem files) => new ManifestFile(files, new LedgerLayout(SmallLedger.Root)).Read()!;

    static Ledger Open(MemoryFileSystem files) => SmallLedger.Open(SmallLedger.Options(files) with { SegmentSizeBytes = 8 * 1_024 * 1_024 });
}
