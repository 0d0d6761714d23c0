namespace Factstone.Storage;

/// <summary>What becomes of a segment file that the manifest does not list.</summary>
internal enum UnlistedKind
{
    /// <summary>All that is whole in it is in the log, too: a start of a segment that a crash cut short. It is removed.</summary>
    Repeats = 1,

    /// <summary>A repair, or a recovery that found nothing in it that counts, has put another in its place. It is kept in <c>quarantine/damaged/</c>.</summary>
    Replaced = 2,

    /// <summary>It was written later than the last listed segment, and something between the two is missing. It stays, and a repair saves what is in it.</summary>
    Later = 3,

    /// <summary>It holds what is not in the log and does not continue it: a segment of another ledger, or of another copy of this one. It is kept in <c>quarantine/damaged/</c>.</summary>
    Foreign = 4,

    /// <summary>The list of segments was made again from their headers, and one is missing between this one and the first that was found by them. It stays, and a repair saves what is in it.</summary>
    Earlier = 5,
}

/// <summary>A segment file that the manifest does not list.</summary>
/// <param name="Name">The name of the file.</param>
/// <param name="Kind">What becomes of it.</param>
/// <param name="First">The first position in it, as far as it is of this ledger.</param>
/// <param name="Last">The last position that is whole in it; none where there is none.</param>
internal sealed record UnlistedSegment(string Name, UnlistedKind Kind, Position First, Position Last)
{
    public bool IsDamage => Kind is UnlistedKind.Later or UnlistedKind.Foreign or UnlistedKind.Earlier;

    /// <summary>Whether it is of this log, and something between it and the listed segments is missing.</summary>
    bool IsBesideGap => Kind is UnlistedKind.Later or UnlistedKind.Earlier;

    public Damage Damage(LedgerLayout layout) => new(
        $"{layout.Segments}/{Name}",
        0,
        Last >= First && IsBesideGap ? First : Position.None,
        Last >= First && IsBesideGap ? Last : Position.None,
        Kind switch
        {
            UnlistedKind.Later => "MANIFEST does not list this segment. It was written later than the listed segments, and what comes between is missing.",
            UnlistedKind.Earlier => "MANIFEST is missing or damaged, and so is the segment after this one. A repair keeps what is whole on both sides.",
            _ => "MANIFEST does not list this segment, and its content is not in the log: it belongs to another ledger, or to another copy of this one.",
        });
}
