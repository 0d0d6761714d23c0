using System.Globalization;
using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Damage;

/// <summary>
/// A ledger of five segments and four runs, with the state of its files after each append, before and after the current state.
/// </summary>
/// <remarks>Each append has one fact and one write of the same cell, so that every answer shows which append was the last.</remarks>
internal sealed class AgedLedger
{
    public const int ClosedEarlyAt = 14;
    public const int Now = 50;
    public const int End = 71;

    static readonly string[] Streams = ["orders/0", "orders/1", "orders/2"];

    readonly List<MemoryFileSystem> _states = [new()];

    AgedLedger(int seed)
    {
        var files = new MemoryFileSystem();
        Ledger? ledger = null;
        for (var number = 1; number <= End; number++)
        {
            ledger ??= SmallLedger.Open(Options(files, number, seed));
            Assert.Equal(number, Append(ledger, number).FirstPosition.Value);
            if (number is ClosedEarlyAt or Now or End)
            {
                ledger.Dispose();
                ledger = null;
            }

            _states.Add(files.Clone());
        }

        Facts = SmallLedger.FactsOf(files);
        Assert.Equal(End, Facts.Count);
    }

    /// <summary>All facts, including those of later states.</summary>
    public List<Fact> Facts { get; }

    public static AgedLedger Create(int seed) => new(seed);

    /// <summary>The files after this many acknowledged appends.</summary>
    public MemoryFileSystem At(int number) => _states[number];

    public static string StreamOf(int number) => Streams[number % Streams.Length];

    public static LedgerOptions Options(MemoryFileSystem files, int number, int seed) => SmallLedger.Options(files, SmallLedger.Begin + TimeSpan.FromHours(number)) with
    {
        MemoryFactsMax = 16,
        IdleBeforeMerging = TimeSpan.FromDays(1),
        Salts = new SeededSalts(new Random((seed * 1_000) + number)),
    };

    public static AppendReceipt Append(Ledger ledger, int number) =>
        Assert.IsType<AppendOutcome.Committed>(SmallLedger.Now(ledger.TryAppendAsync(new AppendRequest(new NewFact(StreamOf(number), "grown", $"\"{number}{new string('x', 6_000)}\""))
        {
            AppendId = $"append-{number}",
            Cells = [NewCell.Put("bucket", "last", number.ToString(CultureInfo.InvariantCulture))],
        }))).Receipt;
}
