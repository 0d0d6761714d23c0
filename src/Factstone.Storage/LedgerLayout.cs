using System.Globalization;

namespace Factstone.Storage;

/// <summary>Where each file of a ledger stands. See docs/format.md, "Files".</summary>
internal sealed class LedgerLayout(string root)
{
    /// <summary>The newest format that this version reads, and the one that it gives to new segments.</summary>
    public const int Format = 2;

    /// <summary>The first format. What it does not know is never written into a segment that has it.</summary>
    public const int FirstFormat = 1;

    /// <summary>Whether this version can read a file of that format.</summary>
    public static bool Reads(int format) => format is >= FirstFormat and <= Format;

    public string Root => root;
    public string Lock => $"{root}/LOCK";
    public string Head => $"{root}/HEAD";
    public string Manifest => $"{root}/MANIFEST";

    /// <summary>Stands when a worker of the writer has stopped because of an unforeseen exception: says which, for readers in other processes.</summary>
    public string Workers => $"{root}/WORKERS";

    public string NewManifest => $"{root}/MANIFEST.new";

    /// <summary>Stands in a backup, in the place of the head and the manifest.</summary>
    public string Backup => $"{root}/BACKUP";
    public string NewBackup => $"{root}/BACKUP.new";

    /// <summary>Stands as long as a backup or a restore into the directory is not finished.</summary>
    public string Unfinished => $"{root}/UNFINISHED";

    public string Segments => $"{root}/segments";

    /// <summary>A segment without a name yet, made by the writer; those that are made ahead have a number behind this, so that the two are never one file.</summary>
    public string Spare => $"{root}/segments/spare";

    public string Index => $"{root}/index";

    /// <summary>Stands when damage was found by a look at a part of the log that an open does not read: the next open for writing reads all of it.</summary>
    public string Suspicion => $"{root}/index/suspicion";

    public string Quarantine => $"{root}/quarantine";

    /// <summary>Segments in whose place a repair has put others.</summary>
    public string Damaged => $"{root}/quarantine/damaged";

    /// <summary>The names of segments that an open has moved there, until a repair has taken note of them.</summary>
    public string SetAside => $"{root}/quarantine/damaged/set-aside";

    public string NewSetAside => $"{root}/quarantine/damaged/set-aside.new";

    const string SegmentEnding = ".log";

    public string Segment(Position first, int generation) => $"{Segments}/{SegmentName(first, generation)}";

    public static string SegmentName(Position first, int generation) =>
        string.Create(CultureInfo.InvariantCulture, $"{first.Value:D20}.{generation:D6}{SegmentEnding}");

    /// <summary>What the name of a segment says; false for any other name.</summary>
    public static bool TryReadSegmentName(string name, out Position first, out int generation)
    {
        first = Position.None;
        generation = 0;
        const int positionDigits = 20, generationAt = positionDigits + 1, endingAt = generationAt + 6;
        if (name.Length != endingAt + SegmentEnding.Length || !IsSegment(name) || name[positionDigits] != '.'
            || !long.TryParse(name.AsSpan(0, positionDigits), NumberStyles.None, CultureInfo.InvariantCulture, out var position)
            || !int.TryParse(name.AsSpan(generationAt, endingAt - generationAt), NumberStyles.None, CultureInfo.InvariantCulture, out generation)) return false;
        first = new Position(position);
        return true;
    }

    public static bool IsSegment(string name) => name.EndsWith(SegmentEnding, StringComparison.Ordinal);
}
