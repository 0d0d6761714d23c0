using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Repairs;

/// <summary>A read as of a time before a lost fact gives the same result for every division of the index into parts.</summary>
public sealed class RepairedTimeTests
{
    [Fact]
    public void As_of_a_time_is_the_same_in_every_index()
    {
        var files = new MemoryFileSystem();
        var options = SmallLedger.Options(files, SmallLedger.Begin);
        using (var ledger = SmallLedger.Open(options))
        {
            var clock = (ManualTimeProvider)options.TimeProvider;
            foreach (var request in (AppendRequest[])[
                new(new NewFact("s/1", "made", "1")),
                new() { Cells = [NewCell.Put("b", "n", "1")] },
                new(new NewFact("s/1", "made", "\"gone\"")),
                new(new NewFact("s/2", "made", "3")),
                new(new NewFact("s/2", "made", "4"))])
            {
                clock.Advance(TimeSpan.FromSeconds(10));
                Repair.Append(ledger, request);
            }
        }

        var path = Assert.Single(files.Paths, LedgerLayout.IsSegment);
        var fact = SegmentMap.Of(files, path).Frames.SelectMany(frame => frame.Facts).Single(one => one.Position.Value == 2);
        files.FlipBit(path, (fact.End - 1) * 8);
        Assert.Equal([2], Repair.Positions(Repair.Run(files).Lost));

        var answers = new List<string>();
        foreach (var facts in (int[])[1, 2, 3, 1_000])
        {
            SmallLedger.WithoutIndex(files);
            using var ledger = SmallLedger.Open(SmallLedger.Options(files) with { MemoryFactsMax = facts });
            Add(ledger);
            using var reader = SmallLedger.OpenReadOnly(files.Clone());
            Add(reader);
        }

        foreach (var facts in (int[])[3, 1_000])
        {
            SmallLedger.WithoutIndex(files);
            using (var ledger = SmallLedger.Open(SmallLedger.Options(files) with { MemoryFactsMax = facts })) Add(ledger);
            using (var ledger = SmallLedger.Open(SmallLedger.Options(files))) Add(ledger);
            Assert.Empty(StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions { Deep = true }, progress: null, TestContext.Current.CancellationToken).Damage);
        }

        Assert.Equal("0 0 1 1 2 2 2 2 2 2 2 2", Assert.Single(answers.Distinct()));

        void Add(Ledger ledger) =>
            answers.Add(string.Join(' ', Enumerable.Range(0, 12).Select(i => SmallLedger.Now(ledger.GetVersionAsync("s/1", LedgerTime.RecordedBy(SmallLedger.Begin + TimeSpan.FromSeconds(5 * i)))).Value)));
    }
}
