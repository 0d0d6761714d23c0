using System.Globalization;

namespace Factstone.Storage;

/// <summary>The paths of a ledger's files. See docs/format.md, "Files".</summary>
internal sealed class LedgerLayout(string root)
{
    /// <summary>The newest format that this version reads, and the format of new segments.</summary>
    public const int Format = 2;

    /// <summary>The first format. A segment of this format never gets content that the format does not include.</summary>
    public const int FirstFormat = 1;

    /// <summary>Whether this version can read a file of that format.</summary>
    public static bool Reads(int format) => format is >= FirstFormat and <= Format;

    public string Root => root;
    public string Lock => $"{root}/LOCK";
    public string Head => $"{root}/HEAD";
    public string Manifest => $"{root}/MANIFEST";

    /// <summary>Exists after an unexpected exception has stopped a worker of the writer. It names the worker, for readers in other processes.</summary>
    public string Workers => $"{root}/WORKERS";

    public string NewManifest => $"{root}/MANIFEST.new";

    /// <summary>Exists in a backup, in place of the head and the manifest.</summary>
    public string Backup => $"{root}/BACKUP";
    public string NewBackup => $"{root}/BACKUP.new";

    /// <summary>Exists as long as a backup or a restore into the directory is unfinished.</summary>
    public string Unfinished => $"{root}/UNFINISHED";

    public string Segments => $"{root}/segments";

    /// <summary>A segment without a final name, created by the writer. Spares have a number at the end of their name, so that the two are never the same file.</summary>
    public string Spare => $"{root}/segments/{SpareName}";

    public string Index => $"{root}/index";

    /// <summary>Exists after damage was found in a part of the log that an open does not read. The next open for writing then reads the whole log.</summary>
    public string Suspicion => $"{root}/index/suspicion";

    /// <summary>The store of blobs. It exists since the first put.</summary>
    public string Blobs => $"{root}/blobs";

    public string Quarantine => $"{root}/quarantine";

    /// <summary>Segments that a repair has replaced.</summary>
    public string Damaged => $"{root}/quarantine/damaged";

    /// <summary>The names of segments that an open has moved there, until a repair has recorded them.</summary>
    public string SetAside => $"{root}/quarantine/damaged/set-aside";

    public string NewSetAside => $"{root}/quarantine/damaged/set-aside.new";

    const string SegmentEnding = ".log";

    const string SpareName = "spare";

    public string Segment(Position first, int generation) => $"{Segments}/{SegmentName(first, generation)}";

    public static string SegmentName(Position first, int generation) =>
        string.Create(CultureInfo.InvariantCulture, $"{first.Value:D20}.{generation:D6}{SegmentEnding}");

    /// <summary>Parses the name of a segment; false for any other name.</summary>
    public static bool TryReadSegmentName(string name, out Position first, out int generation)
    {
        first = Position.None;
        generation = 0;
        const int positionDigits = 20, generationAt = positionDigits + 1, endingAt = generationAt + 6;
        if (name.Length != endingAt + SegmentEnding.Length || !name.EndsWith(SegmentEnding, StringComparison.Ordinal) || name[positionDigits] != '.'
            || !long.TryParse(name.AsSpan(0, positionDigits), NumberStyles.None, CultureInfo.InvariantCulture, out var position)
            || !int.TryParse(name.AsSpan(generationAt, endingAt - generationAt), NumberStyles.None, CultureInfo.InvariantCulture, out generation)) return false;
        first = new Position(position);
        return true;
    }

    /// <summary>Whether a name, or the last part of a path, is that of a segment. Other files in the directory are none of the ledger's.</summary>
    public static bool IsSegment(string path) => TryReadSegmentName(FileNames.NameOf(path), out _, out _);

    /// <summary>Whether a name is that of a spare, with or without a number.</summary>
    public static bool IsSpare(string name) =>
        name == SpareName || (name.StartsWith($"{SpareName}.", StringComparison.Ordinal) && int.TryParse(name.AsSpan(SpareName.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _));
}
