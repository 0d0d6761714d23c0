using System.Collections.Concurrent;
using System.Globalization;
using Factstone.Storage;

namespace Factstone.Tests.Damage;

/// <summary>
/// Files of one ledger have different ages or come from another ledger, in every combination of two. No answer is wrong, no acknowledged
/// fact is lost without a report, and no position is assigned twice.
/// </summary>
/// <remarks>
/// An answer is right if it belongs to one state of the ledger, and that state is not older than the last closed one.
/// A reader may show an older state if it reports how many facts it does not show yet.
/// </remarks>
public sealed class FilesOfDifferentAgesTests
{
    static readonly ParallelOptions TwoAtATime = new() { MaxDegreeOfParallelism = 2 };

    static readonly AgedLedger Ledger = AgedLedger.Create(1);

    static readonly AgedLedger Other = AgedLedger.Create(2);

    [Fact]
    public void The_ledger_has_five_segments_and_four_runs()
    {
        var files = Ledger.At(AgedLedger.Now);
        Assert.Equal(5, files.Paths.Count(LedgerLayout.IsSegment));
        Assert.Equal(4, files.Paths.Count(static path => path.EndsWith(".run", StringComparison.Ordinal)));
    }

    [Fact]
    public void No_two_files_of_other_ages_lead_to_a_wrong_answer()
    {
        var changes = FileChange.Of(Ledger, Other);
        var cases = changes.Select(static one => new[] { one }).ToList();
        for (var i = 0; i < changes.Count; i++)
            for (var j = i + 1; j < changes.Count; j++)
                if (changes[i].Path != changes[j].Path) cases.Add([changes[i], changes[j]]);
        Assert.InRange(cases.Count, 1_000, 5_000);

        var wrong = new ConcurrentQueue<string>();
        Parallel.ForEach(cases, TwoAtATime, (changed, loop) =>
        {
            try
            {
                Check(changed);
            }
            catch (Exception failure)
            {
                wrong.Enqueue($"{string.Join(" and ", changed.AsEnumerable())}: {failure}");
                if (wrong.Count > 20) loop.Stop();
            }
        });
        Assert.True(wrong.IsEmpty, string.Join("\n\n", wrong));
    }

    static void Check(FileChange[] changes)
    {
        var files = Ledger.At(AgedLedger.Now).Clone();
        foreach (var change in changes) change.Apply(files);

        var forReading = files.Clone();
        try
        {
            using var reading = SmallLedger.OpenReadOnly(forReading);
            Answers(reading, isReading: true);
        }
        catch (LedgerDamagedException refused)
        {
            Assert.NotEmpty(refused.Message);
        }

        LedgerDamagedException? notOpened = null;
        var isDamaged = true;
        try
        {
            using var writing = SmallLedger.Open(AgedLedger.Options(files, AgedLedger.End + 1, seed: 3));
            isDamaged = writing.Damage.Count > 0;
            Answers(writing, isReading: false);
            if (isDamaged) Assert.Throws<LedgerDamagedException>(() => AgedLedger.Append(writing, AgedLedger.End + 1));
            else AppendBehindAll(writing);
        }
        catch (LedgerDamagedException refused)
        {
            notOpened = refused;
        }

        if (notOpened is null && !isDamaged) Reopen(files);
        else Repair(files, notOpened);
    }

    static void AppendBehindAll(Ledger ledger) =>
        Assert.InRange(AgedLedger.Append(ledger, AgedLedger.End + 1).FirstPosition.Value, AgedLedger.Now + 1, AgedLedger.End + 1);

    static void Reopen(MemoryFileSystem files)
    {
        using var again = SmallLedger.Open(AgedLedger.Options(files, AgedLedger.End + 2, seed: 3));
        Assert.Empty(again.Damage);
        var facts = Facts(again.ReadAsync(), out var refused);
        Assert.Null(refused);
        Assert.InRange(facts.Count, AgedLedger.Now + 1, AgedLedger.End + 1);
        for (var i = 0; i < facts.Count - 1; i++) LedgerAnswers.Same(Ledger.Facts[i], facts[i]);
    }

    /// <summary>The repaired ledger contains only what was written. Later appends get positions that were never assigned.</summary>
    static void Repair(MemoryFileSystem files, LedgerDamagedException? notOpened)
    {
        var options = AgedLedger.Options(files, AgedLedger.End + 3, seed: 4);
        RepairReport report;
        try
        {
            report = LedgerRepair.Run(files, SmallLedger.Root, options.ToStorageOptions(), isDryRun: false, progress: null, TestContext.Current.CancellationToken);
        }
        catch (LedgerDamagedException) when (notOpened is not null)
        {
            return; // nobody knows which ledger it is
        }

        Assert.True(report.WasDamaged);
        using var repaired = SmallLedger.Open(options);
        Assert.Empty(repaired.Damage);
        var receipt = repaired.Storage.Head.Position;
        Assert.InRange(receipt.Value, AgedLedger.Now + 1, long.MaxValue);
        foreach (var fact in Facts(repaired.ReadAsync(), out _)) LedgerAnswers.Same(Ledger.Facts[(int)fact.Position.Value - 1], fact);
        Assert.Equal(receipt.Next(), AgedLedger.Append(repaired, AgedLedger.End + 1).FirstPosition);
    }

    /// <summary>All answers belong to one state, and that state is not too old.</summary>
    static void Answers(Ledger ledger, bool isReading)
    {
        var shown = ledger.Storage.Head.Position.Value;
        var hidden = isReading ? ledger.Opening.RecoverableFacts : 0;
        var least = hidden > 0 ? Math.Min(shown, AgedLedger.Now) : AgedLedger.Now;
        Assert.True(shown + hidden >= AgedLedger.Now || ledger.Damage.Count > 0, $"It shows {shown} facts and hides {hidden}, and {AgedLedger.Now} were acknowledged.");

        Ask(() => SmallLedger.Now(ledger.GetHeadAsync()).Value, head => Assert.InRange(head, least, AgedLedger.End));
        for (var number = 1; number <= 3; number++)
        {
            var stream = AgedLedger.StreamOf(number);
            Ask(() => SmallLedger.Now(ledger.ReadLatestAsync(stream)), fact =>
            {
                Assert.NotNull(fact);
                Assert.InRange(fact.Position.Value, least - 2, AgedLedger.End);
                LedgerAnswers.Same(Ledger.Facts[(int)fact.Position.Value - 1], fact);
            });
            Ask(() => SmallLedger.Now(ledger.GetVersionAsync(stream)).Value, version => Assert.InRange(version, Versions(stream, least), Versions(stream, AgedLedger.End)));
            InOrder(ledger.ReadStreamAsync(stream), [.. Ledger.Facts.Where(fact => fact.Stream == stream)], Versions(stream, least));
        }

        InOrder(ledger.ReadAsync(), Ledger.Facts, least);
        InOrder(ledger.ReadAsync(FactQuery.Parse("type=grown")), Ledger.Facts, least);
        Ask(() => SmallLedger.Now(ledger.CountAsync(FactQuery.Parse("type=grown"))), count => Assert.InRange(count, least, AgedLedger.End));
        Ask(() => Facts(ledger.ListAsync("orders"), out var refused) is var list && refused is null ? list : throw refused!, list =>
        {
            Assert.Equal(3, list.Count);
            foreach (var fact in list) LedgerAnswers.Same(Ledger.Facts[(int)fact.Position.Value - 1], fact);
            Assert.InRange(list.Max(fact => fact.Position.Value), least, AgedLedger.End);
        });
        Ask(() => SmallLedger.Now(ledger.ReadCellAsync("bucket", "last")), cell => Assert.InRange(int.Parse(System.Text.Encoding.UTF8.GetString(cell!.Value.Span), CultureInfo.InvariantCulture), least, AgedLedger.End));
        foreach (var number in (int[])[1, 20, AgedLedger.Now])
        {
            Ask(() => SmallLedger.Now(ledger.FindAppendAsync($"append-{number}")), receipt => Assert.Equal(number <= least ? number : receipt?.FirstPosition.Value, receipt?.FirstPosition.Value));
            Ask(() => SmallLedger.Now(ledger.ReadAtAsync(new Position(number))), fact => { if (number <= shown) LedgerAnswers.Same(Ledger.Facts[number - 1], fact); });
        }
    }

    static long Versions(StreamName stream, long until) => Ledger.Facts.Take((int)until).Count(fact => fact.Stream == stream);

    /// <summary>A read returns the existing facts at their positions, up to the end or to the point where it is refused.</summary>
    static void InOrder(IAsyncEnumerable<Fact> read, List<Fact> expected, long least)
    {
        var facts = Facts(read, out var refused);
        for (var i = 0; i < facts.Count; i++) LedgerAnswers.Same(expected[i], facts[i]);
        if (refused is null) Assert.InRange(facts.Count, least, expected.Count);
    }

    static void Ask<T>(Func<T> question, Action<T> check)
    {
        T answer;
        try
        {
            answer = question();
        }
        catch (LedgerDamagedException refused)
        {
            Assert.NotEmpty(refused.Message);
            return;
        }

        check(answer);
    }

    static List<Fact> Facts(IAsyncEnumerable<Fact> read, out LedgerDamagedException? refused)
    {
        var facts = new List<Fact>();
        refused = null;
        var enumerator = read.GetAsyncEnumerator(TestContext.Current.CancellationToken);
        try
        {
            while (SmallLedger.Now(enumerator.MoveNextAsync())) facts.Add(enumerator.Current);
        }
        catch (LedgerDamagedException damage)
        {
            refused = damage;
        }
        finally
        {
            enumerator.DisposeAsync().AsTask().Wait();
        }

        return facts;
    }
}
