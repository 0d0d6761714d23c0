using System.Buffers.Binary;

namespace Factstone.Storage;

/// <summary>The segments that contain the facts of a run, in the order of their positions.</summary>
/// <remarks>A struct, because a lookup by key uses it, and each object on the way may wait for memory.</remarks>
/// <param name="rows">The segments, each with the position from which on it has the facts.</param>
/// <param name="last">The last position of the run.</param>
internal readonly struct RunSegments(RunSegment[] rows, Position last)
{
    public int Count => rows.Length;

    /// <summary>Whether a segment file that contains facts of the run is missing.</summary>
    public bool HasMissing => Array.Exists(rows, static row => row.Segment is null);

    public ref readonly RunSegment this[int number] => ref rows[number];

    /// <param name="position">A position of the run.</param>
    /// <param name="behind">The position from which on the facts are in the next segment.</param>
    public RunSegment At(Position position, out Position behind)
    {
        var next = BinarySearch.Count(new RowsUntil(rows, position), rows.Length, known: 1);
        behind = next < rows.Length ? rows[next].From : last.Next();
        return rows[next - 1];
    }

    /// <summary>Reads the rows; null if they are damaged, or refer to segments that the log does not have.</summary>
    public static RunSegments? Read(RunFooter footer, RunBytes bytes, SegmentDirectory live, Defect defect)
    {
        if (footer.SegmentCount is < 0 or > int.MaxValue / RunFormat.SegmentRowBytes || footer.Facts < 0 || (footer.SegmentCount == 0) != (footer.Facts == 0)) return null;
        if (!bytes.TryRead(footer.SegmentsAt, footer.SegmentCount * RunFormat.SegmentRowBytes, out var source)) return null;

        var rows = new RunSegment[footer.SegmentCount];
        for (var i = 0; i < rows.Length; i++)
        {
            var row = ReadRow(source[(i * RunFormat.SegmentRowBytes)..]);
            rows[i] = row with { Segment = live.Find(row.Base, row.Generation) };
        }

        // Frames that were rewritten since are in a later segment. A run with their old locations is invalid.
        for (var i = 0; i < rows.Length; i++)
        {
            var last = i + 1 < rows.Length ? new Position(rows[i + 1].From.Value - 1) : footer.Last;
            if (!live.Holds(rows[i].Base, rows[i].Generation, rows[i].From, last)) return null;
        }

        return defect == Defect.BelieveRunBeyondLog || (live.Reaches(footer.End) && live.HasMark(footer.End, footer.EndMark)) ? new RunSegments(rows, footer.Last) : null;
    }

    /// <summary>Reads a row as it is in the file.</summary>
    public static RunSegment ReadRow(ReadOnlySpan<byte> row) => new(
        new Position(BinaryPrimitives.ReadInt64LittleEndian(row)),
        new Position(BinaryPrimitives.ReadInt64LittleEndian(row[sizeof(long)..])),
        (int)BinaryPrimitives.ReadUInt32LittleEndian(row[(2 * sizeof(long))..]),
        Segment: null);

    readonly struct RowsUntil(RunSegment[] rows, Position position) : IFirstItems
    {
        public bool Contains(int number) => rows[number].From <= position;
    }
}

/// <summary>The segment that contains the facts of a run from a position on. If the segment is null, its file is missing.</summary>
internal readonly record struct RunSegment(Position From, Position Base, int Generation, Segment? Segment);
