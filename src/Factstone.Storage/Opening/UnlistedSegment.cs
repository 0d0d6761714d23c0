namespace Factstone.Storage;

/// <summary>What happens to an unlisted segment.</summary>
internal enum UnlistedKind
{
    /// <summary>Every complete append in it is in the log, too: a crash has interrupted the start of the segment. It is removed.</summary>
    Repeats = 1,

    /// <summary>It was replaced by a repair, or by a recovery that found no valid append in it. It is kept in <c>quarantine/damaged/</c>.</summary>
    Replaced = 2,

    /// <summary>It was written later than the last listed segment, and a segment between the two is missing. It stays, and a repair saves its content.</summary>
    Later = 3,

    /// <summary>It contains data that is not in the log, and does not continue the log: it is of another ledger, or of another copy of this one. It is kept in <c>quarantine/damaged/</c>.</summary>
    Foreign = 4,

    /// <summary>The manifest was rebuilt from the headers of the segments, and a segment between this one and the first one in the rebuilt manifest is missing. It stays, and a repair saves its content.</summary>
    Earlier = 5,
}

/// <summary>A segment file that the manifest does not list.</summary>
/// <param name="Name">The name of the file.</param>
/// <param name="Kind">What happens to it.</param>
/// <param name="First">The first position in it, if it is of this ledger.</param>
/// <param name="Last">The last complete position in it; none if there is none.</param>
internal sealed record UnlistedSegment(string Name, UnlistedKind Kind, Position First, Position Last)
{
    public bool IsDamage => Kind is UnlistedKind.Later or UnlistedKind.Foreign or UnlistedKind.Earlier;

    /// <summary>Whether it is of this log, and a segment between it and the listed segments is missing.</summary>
    bool IsNextToGap => Kind is UnlistedKind.Later or UnlistedKind.Earlier;

    public Damage Damage(LedgerLayout layout) => new(
        $"{layout.Segments}/{Name}",
        0,
        Last >= First && IsNextToGap ? First : Position.None,
        Last >= First && IsNextToGap ? Last : Position.None,
        Kind switch
        {
            UnlistedKind.Later => "MANIFEST does not list this segment. It was written later than the listed segments, and what comes between is missing.",
            UnlistedKind.Earlier => "MANIFEST is missing or damaged, and so is the segment after this one. A repair keeps what is whole on both sides.",
            _ => "MANIFEST does not list this segment, and its content is not in the log: it belongs to another ledger, or to another copy of this one.",
        });
}
