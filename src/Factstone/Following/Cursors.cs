namespace Factstone;

/// <summary>Creates cursors, and resolves them in the ledger as it is now.</summary>
internal static class Cursors
{
    /// <summary>The cursor after a position, the position included.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The position is beyond the last fact.</exception>
    public static LedgerCursor At(IFactReading reading, Position position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position.Value, nameof(position));
        if (position > reading.Head.Position)
            throw new ArgumentOutOfRangeException(nameof(position), $"Position {position} lies ahead: the last fact is at position {reading.Head.Position}.");

        var withoutLeaf = new LedgerCursor(reading.Id, reading.Epoch, position);
        if (position == Position.None) return withoutLeaf;
        try
        {
            return reading.ReadAt(position) is { } fact ? LedgerCursor.Of(reading.Id, reading.Epoch, fact) : withoutLeaf;
        }
        catch (LedgerDamagedException)
        {
            // A consumer that skips a damaged fact must be able to store its progress.
            return withoutLeaf;
        }
    }

    /// <summary>The position of a cursor.</summary>
    /// <exception cref="LedgerForkedException">What was read there differs from what the ledger contains.</exception>
    public static Position Resolve(IFactReading reading, LedgerCursor cursor, string parameter)
    {
        var position = cursor.Position;
        if (position < Position.None) throw new ArgumentOutOfRangeException(parameter, position, "A position must not be negative.");
        if (cursor.LedgerId != reading.Id) throw new ArgumentException($"The cursor is of ledger {cursor.LedgerId}; this is ledger {reading.Id}.", parameter);
        if (cursor.Epoch > reading.Epoch) throw LedgerForkedException.ByEpoch(cursor.Epoch, reading.Epoch, Position.None, position);
        var common = reading.LastCommonWith(cursor.Epoch);
        if (position > common) throw LedgerForkedException.ByEpoch(cursor.Epoch, reading.Epoch, common, position);
        var head = reading.Head.Position;
        if (position > head)
            throw new ArgumentOutOfRangeException(parameter, $"Position {position} is too high: the last fact is at position {head}. The cursor was made where more facts existed: in another copy of the ledger, or in this ledger before a crash from which no writer has recovered it yet.");

        // Two copies that were restored from one backup, or repaired on their own, have the same epoch. Their facts differ at least in
        // their salts. Where a fact is lost, this ledger gives no cursor with a leaf in this epoch, so another copy has given it.
        if (cursor.Leaf is { } leaf && position > Position.None && (reading.ReadAt(position) is not { } fact || LedgerCursor.LeafOf(fact) != leaf))
            throw LedgerForkedException.ByLeaf(reading.Epoch, position);
        return position;
    }
}
