using System.Globalization;
using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;
using Factstone.Tests.Repairs;

namespace Factstone.Tests.Indexing;

/// <summary>
/// A slot records where the latest fact of a key is. A fingerprint may belong to several keys, and the fact may be damaged.
/// </summary>
public sealed class SlotTests
{
    static readonly StreamName Known = new("s", "known");

    // Names with the same fingerprint as the known one.
    static readonly StreamName[] Alike = [.. Enumerable.Range(0, 1_000_000)
        .Select(static number => new StreamName("s", number.ToString(CultureInfo.InvariantCulture)))
        .Where(static stream => FingerprintOf(stream) == FingerprintOf(Known))
        .Take(3)];

    readonly MemoryFileSystem _files = new();

    LedgerOptions Options => SmallLedger.Options(_files) with { MemoryFactsMax = 4, IdleBeforeMerging = TimeSpan.FromDays(1) };

    [Fact]
    public void A_stream_with_the_fingerprint_of_another_is_not_taken_for_it()
    {
        Assert.Equal(3, Alike.Length);
        using (var ledger = SmallLedger.Open(Options))
        {
            // Two of them are in an older run, the known one is in the next, and two are in one run.
            Append(ledger, Alike[0], "a0");
            Append(ledger, Alike[1], "a1");
            Fill(ledger);
            Append(ledger, Known, "k");
            Fill(ledger);
            Append(ledger, Known, "k2");
            Append(ledger, Alike[1], "a1, again");
            Fill(ledger);
        }

        using var again = SmallLedger.Open(Options);
        Assert.Equal(3, Runs(again).Count(run => run.FindSlot(TermKey.Of(TermKey.Encode(Term.Stream(Alike[2])))).Slots > 0));
        Assert.Contains(Runs(again), run => run.FindSlot(TermKey.Of(TermKey.Encode(Term.Stream(Alike[2])))).Slots > 1);
        Assert.Equal("k2", Value(again, Known));
        Assert.Equal("a0", Value(again, Alike[0]));
        Assert.Equal("a1, again", Value(again, Alike[1]));
        Assert.Null(Value(again, Alike[2]));
    }

    [Fact]
    public void A_damaged_fact_is_named_and_no_older_one_is_given()
    {
        using (var ledger = SmallLedger.Open(Options))
        {
            Append(ledger, Known, "older");
            Fill(ledger);
            Append(ledger, Known, "newer");
            Fill(ledger);
        }

        Repair.DamageFact(_files, new Position(5), isHeaderLost: false);
        using var again = SmallLedger.Open(Options);
        Assert.Equal(5, Assert.Single(Assert.Throws<LedgerDamagedException>(() => Value(again, Known)).Damage).FirstPosition.Value);
    }

    [Fact]
    public void A_retraction_is_no_value()
    {
        using (var ledger = SmallLedger.Open(Options))
        {
            Append(ledger, Known, "older");
            Fill(ledger);
            Repair.Append(ledger, new AppendRequest(NewFact.Retraction(Known)));
            Fill(ledger);
        }

        using var again = SmallLedger.Open(Options);
        Assert.Null(Value(again, Known));
        Assert.Equal("older", Json(SmallLedger.Now(again.ReadLatestAsync(Known, new Position(1)))));
    }

    static ushort FingerprintOf(StreamName stream) => BucketShape.Fingerprint(TermKey.Of(TermKey.Encode(Term.Stream(stream))).Hash);

    static List<Run> Runs(Ledger ledger) => [.. ((FileStorage)ledger.Storage).Runs()];

    static string? Value(Ledger ledger, StreamName stream) => Json(SmallLedger.Now(ledger.ReadLatestAsync(stream)));

    static string? Json(Fact? fact) => fact?.Json?.Trim('"');

    static void Append(Ledger ledger, StreamName stream, string value) => Repair.Append(ledger, new AppendRequest(new NewFact(stream, "said", $"\"{value}\"")));

    /// <summary>Appends until the part in memory becomes a run.</summary>
    static void Fill(Ledger ledger)
    {
        do Append(ledger, "other/1", "filled");
        while (SmallLedger.Now(ledger.GetHeadAsync()).Value % 4 != 0);
    }
}
