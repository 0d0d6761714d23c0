using Factstone.Tests.Damage;
using Factstone.Tests.Repairs;

namespace Factstone.Tests.Following;

/// <summary>The content of a cursor, and when it is refused.</summary>
public sealed class CursorTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void A_cursor_carries_the_leaf_of_the_fact_at_its_position()
    {
        var files = SmallLedger.ClosedCleanly();
        using var ledger = SmallLedger.Open(files);
        var fact = ledger.Storage.ReadAt(new Position(7))!;
        var cursor = ledger.CursorAt(fact.Position);
        Assert.Equal(LedgerCursor.Parse($"{ledger.Id}/1@7.{Convert.ToHexStringLower(fact.Leaf().AsSpan(0, 4))}"), cursor);
        Assert.Equal(7, ledger.Resolve(cursor).Value);
        Assert.Equal(7, ledger.Resolve(cursor with { Leaf = null }).Value);

        var beginning = ledger.CursorAt(Position.None);
        Assert.Equal($"{ledger.Id}/1@0", beginning.ToString());
        Assert.Equal(0, ledger.Resolve(beginning).Value);
        Assert.Throws<ArgumentOutOfRangeException>(() => ledger.CursorAt(new Position(13)));
        Assert.Throws<ArgumentOutOfRangeException>(() => ledger.CursorAt(new Position(-1)));
    }

    // A ledger was copied at position 12, and both copies were appended to. They have the same id, the same epoch and a fact at position
    // 13. Only the facts themselves distinguish them.
    [Fact]
    public void Copies_that_went_different_ways_are_told_apart_where_they_meet()
    {
        var files = SmallLedger.ClosedCleanly();
        var copy = files.Clone();
        LedgerCursor before, behind;
        using (var ledger = SmallLedger.Open(files))
        {
            before = ledger.CursorAt(new Position(12));
            Repair.Append(ledger, new AppendRequest([new NewFact("orders/8", "placed", "1"), new NewFact("orders/8", "placed", "2")]));
            behind = ledger.CursorAt(new Position(13));
        }

        using var other = SmallLedger.Open(copy);
        Assert.Throws<ArgumentOutOfRangeException>(() => other.Resolve(behind));
        Repair.Append(other, new AppendRequest(new NewFact("orders/9", "placed", "1")));
        Assert.Equal(12, other.Resolve(before).Value);
        var told = Assert.Throws<LedgerForkedException>(() => other.Resolve(behind));
        Assert.Equal((1, 0), (told.Epoch, told.LastCommonPosition.Value));
        Assert.Equal("The fact at position 13 is not the one that was read there: two copies of this ledger have continued differently. It is not known up to which position the ledger is unchanged: read it again from the beginning.", told.Message);
        Assert.Throws<LedgerForkedException>(() => other.OpenFollower(FactQuery.All, new FollowOptions { From = FollowStart.After(behind) }));
        Assert.Equal(13, other.Resolve(behind with { Leaf = null }).Value);
    }

    [Fact]
    public async Task A_follower_goes_on_after_the_cursor_of_another()
    {
        await using var ledger = SmallLedger.Open(SmallLedger.ClosedCleanly());
        var orders = FactQuery.Parse("store=orders");
        var first = ledger.OpenFollower(orders);
        Assert.Equal($"{ledger.Id}/1@0", first.Cursor.ToString());
        for (var i = 0; i < 4; i++) Assert.True(first.TryRead(out _));
        Assert.Equal(ledger.CursorAt(new Position(5)), first.Cursor);

        var second = ledger.OpenFollower(orders, new FollowOptions { From = FollowStart.After(first.Cursor) });
        Assert.True(second.TryRead(out var next));
        Assert.Equal(6, next.Position.Value);

        // Nothing matches after the last order, so the follower's position is that of a fact that it did not deliver.
        var tasks = ledger.OpenFollower(FactQuery.Parse("store=tasks"));
        while (tasks.TryRead(out _)) { }
        Assert.Equal(ledger.CursorAt(new Position(12)), tasks.Cursor);
    }

    [Fact]
    public void A_follower_of_a_ledger_that_was_closed_says_where_to_go_on()
    {
        var files = SmallLedger.ClosedCleanly();
        Follower untouched, behindLast, goneOn;
        LedgerCursor start, last;
        using (var ledger = SmallLedger.Open(files))
        {
            start = ledger.CursorAt(new Position(3));
            last = ledger.CursorAt(new Position(11));
            untouched = ledger.OpenFollower(FactQuery.All, new FollowOptions { From = FollowStart.After(start) });
            behindLast = ledger.OpenFollower(FactQuery.Parse("store=tasks"));
            while (behindLast.TryRead(out _)) { }
            goneOn = ledger.OpenFollower(FactQuery.All);
            while (goneOn.TryRead(out _)) { }
        }

        Assert.Equal(start, untouched.Cursor);
        Assert.Equal(last, behindLast.Cursor);
        using var again = SmallLedger.Open(files);
        Assert.Equal(again.CursorAt(new Position(12)), goneOn.Cursor);
    }

    [Fact]
    public void A_fact_that_is_damaged_or_gone_gives_a_cursor_without_a_leaf()
    {
        var files = SmallLedger.ClosedCleanly();
        LedgerCursor whole;
        using (var ledger = SmallLedger.Open(files)) whole = ledger.CursorAt(new Position(6));
        Repair.DamageFact(files, new Position(6), isHeaderLost: false);
        using (var ledger = SmallLedger.Open(files))
        {
            Assert.Null(ledger.CursorAt(new Position(6)).Leaf);
            Assert.Throws<LedgerDamagedException>(() => ledger.Resolve(whole));
            Assert.Equal(6, ledger.Resolve(ledger.CursorAt(new Position(6))).Value);
        }

        Repair.Run(files);
        using var repaired = SmallLedger.Open(files);
        Assert.Null(repaired.CursorAt(new Position(6)).Leaf);
        Assert.Equal(6, repaired.Resolve(repaired.CursorAt(new Position(6))).Value);
        Assert.Equal(5, Assert.Throws<LedgerForkedException>(() => repaired.Resolve(whole)).LastCommonPosition.Value);
        Assert.NotNull(repaired.CursorAt(new Position(7)).Leaf);
        Assert.Throws<LedgerForkedException>(() => repaired.Resolve(repaired.CursorAt(new Position(7)) with { Leaf = 1 }));
    }

    // Two copies of a ledger were damaged and repaired on their own, so both are in epoch 2. What one had read at position 6 the other had
    // lost, and it accepted the cursor.
    [Fact]
    public void A_cursor_with_a_leaf_is_refused_where_another_copy_has_lost_the_fact()
    {
        var files = SmallLedger.ClosedCleanly();
        var copy = files.Clone();
        LedgerCursor read;
        Repair.DamageFact(copy, new Position(3), isHeaderLost: false);
        Repair.Run(copy);
        using (var other = SmallLedger.Open(copy)) read = other.CursorAt(new Position(6));
        Assert.NotNull(read.Leaf);

        Repair.DamageFact(files, new Position(6), isHeaderLost: false);
        Repair.Run(files);
        using var ledger = SmallLedger.Open(files);
        Assert.Equal(ledger.Epoch, read.Epoch);
        Assert.Throws<LedgerForkedException>(() => ledger.Resolve(read));
        Assert.Throws<LedgerForkedException>(() => ledger.OpenFollower(FactQuery.All, new FollowOptions { From = FollowStart.After(read) }));
        Assert.Equal(6, ledger.Resolve(read with { Leaf = null }).Value);
    }

    [Fact]
    public void A_message_about_epochs_is_true_whether_what_is_common_is_known_or_not()
    {
        using var ledger = SmallLedger.Open(SmallLedger.ClosedCleanly());
        var newer = Assert.Throws<LedgerForkedException>(() => ledger.Resolve(ledger.CursorAt(new Position(6)) with { Epoch = 2 }));
        Assert.Equal("Position 6 was read in epoch 2, and this ledger is in epoch 1: it is an older copy, or a copy that continued differently. It is not known up to which position the ledger is unchanged: read it again from the beginning.", newer.Message);

        var files = SmallLedger.ClosedCleanly();
        Repair.DamageFact(files, new Position(6), isHeaderLost: false);
        Repair.Run(files);
        using var repaired = SmallLedger.Open(files);
        var older = Assert.Throws<LedgerForkedException>(() => repaired.Resolve(new LedgerCursor(repaired.Id, 1, new Position(8))));
        Assert.Equal("Position 8 was read in epoch 1, and this ledger is in epoch 2: a repair or a restore has left out facts since then; see the receipts in $receipts/repair and $receipts/restore. Up to position 5 the ledger is unchanged: go back to that position and read on.", older.Message);
    }
}
