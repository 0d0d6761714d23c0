using Xunit;

namespace Factstone;

public sealed class AppendOutcomeTests
{
    static readonly AppendReceipt Receipt = new()
    {
        FirstPosition = new Position(7),
        LastPosition = new Position(7),
        RecordedAt = HeaderVectors.Time,
        Versions = [new StreamAndVersion("orders/42", 1)],
    };

    static AppendOutcome.Conflict Conflict(AppendCondition condition, long version = 0, long cellVersion = 0, long firstMatch = 0) =>
        new(condition, version, [], IsComplete: true) { ActualCellVersion = cellVersion, FirstMatch = new Position(firstMatch) };

    // It was the text of a record: every property, with the facts as the name of their list's type.
    [Fact]
    public void A_conflict_is_a_sentence() => Assert.Equal(
        [
            "Nothing was appended: the condition 'stream orders/42 does not exist' does not hold; the stream is at version 3.",
            "Nothing was appended: the condition 'stream orders/42 exists' does not hold; the stream is at version 0.",
            "Nothing was appended: the condition 'record orders/42 is at version 2' does not hold; the stream is at version 3.",
            "Nothing was appended: the condition 'cell settings/theme has no value' does not hold; the cell is at version 2.",
            "Nothing was appended: the condition 'cell settings/theme is at version 1' does not hold; the cell is at version 0.",
            "Nothing was appended: the condition 'no fact matches tag=vip' does not hold; the fact at position 9 matches.",
        ],
        new[]
        {
            Conflict(AppendCondition.StreamMissing("orders/42"), version: 3),
            Conflict(AppendCondition.StreamExists("orders/42")),
            Conflict(AppendCondition.RecordAt("orders/42", 2), version: 3),
            Conflict(AppendCondition.CellAbsent("settings", "theme"), cellVersion: 2),
            Conflict(AppendCondition.CellAt("settings", "theme", 1)),
            Conflict(AppendCondition.NoMatch(FactQuery.Tags("vip")), firstMatch: 9),
        }.Select(conflict => conflict.ToString()));

    [Fact]
    public void The_exception_of_a_conflict_says_the_same_and_what_to_do()
    {
        var conflict = Conflict(AppendCondition.StreamMissing("orders/42"), version: 3);
        var thrown = Assert.Throws<AppendConflictException>(conflict.EnsureCommittedOrDuplicate);
        Assert.Equal($"{conflict} Read the current state and decide again.", thrown.Message);
        Assert.Same(conflict, thrown.Conflict);
    }

    [Fact]
    public void What_is_committed_or_a_duplicate_passes_with_its_receipt()
    {
        Assert.Same(Receipt, new AppendOutcome.Committed(Receipt).EnsureCommittedOrDuplicate());
        Assert.Same(Receipt, new AppendOutcome.Duplicate(Receipt).EnsureCommittedOrDuplicate());
    }

    [Fact]
    public void Anything_else_throws()
    {
        Assert.Throws<AppendIdReusedException>(new AppendOutcome.AppendIdReused("a1", Receipt, "the type").EnsureCommittedOrDuplicate);
        Assert.Throws<AppendRejectedException>(new AppendOutcome.Rejected("rule", "why").EnsureCommittedOrDuplicate);
        Assert.Throws<AppendUnknownException>(new AppendOutcome.Unknown("a1", new Position(7), new Position(7), new LedgerFailedException("The sync failed.")).EnsureCommittedOrDuplicate);
    }
}
