namespace Factstone.Storage;

/// <summary>Reads the stretch of the log that a run covers.</summary>
/// <remarks>Threads: any number, each with its own walk.</remarks>
internal sealed class LogStretch(IFileSystem files, LedgerLayout layout, StorageOptions options, SegmentDirectory segments, Func<Manifest> manifest)
{
    /// <summary>The bytes that one step reads: some tens of thousands of facts.</summary>
    const int BytesPerStep = 4 * 1_024 * 1_024;

    /// <summary>The pieces of the stretch, one for each segment, in order.</summary>
    public IReadOnlyList<LogPiece> Pieces(Run run)
    {
        var pieces = new List<LogPiece>();
        var now = manifest();
        var start = run.Footer.Start != default ? run.Footer.Start : new LogLocation(now.Segments[0].BasePosition, now.Segments[0].Generation, SegmentHeader.Bytes);

        // The stretch extends to the run's end, not to its last fact: segments between the two contain only cells.
        for (var i = 0; i < now.Segments.Count; i++)
        {
            var header = now.Segments[i];
            if (pieces.Count == 0 && !start.IsIn(header)) continue;
            var isLast = run.Footer.End.IsIn(header);
            pieces.Add(new LogPiece(
                header,
                From: pieces.Count == 0 ? start.FileOffset : SegmentHeader.Bytes,
                End: isLast ? run.Footer.End.FileOffset : now.EndOf(i)!.Value,
                First: pieces.Count == 0 ? run.First : header.BasePosition,
                Until: isLast ? run.Last.Next() : now.Segments[i + 1].BasePosition));
            if (isLast) break;
        }

        return pieces;
    }

    /// <summary>Passes a piece to a visitor, some megabytes at a step.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="visitor">The visitor. It gets holes in place of damaged facts.</param>
    /// <param name="found">The damage is added to this.</param>
    public IEnumerable<int> Walk(LogPiece piece, IFrameVisitor visitor, List<Damage> found)
    {
        if (segments.Find(piece.Header.BasePosition, piece.Header.Generation) is { } segment)
        {
            using var durable = new SegmentSet(files, layout, options with { OpeningProgress = null }, segments, visitor, found);
            using var window = new FileWindow(64 * 1_024, 1_024 * 1_024);
            var reader = new FrameReader(segment, window, options.Defect);
            var (at, next) = (piece.From, piece.First);
            while (at < piece.End)
            {
                var walk = SegmentWalk.Run(reader, at, StepEnd(reader, at, piece.End), next, visitor);
                (at, next) = (walk.FileOffset, walk.Next);
                if (!IsWholeAt(reader, at, piece.End, next)) break;
                yield return 0;
            }

            if (at < piece.End || next != piece.Until) durable.ReadDurable(segment, at, piece.End, next, piece.Until);
        }
        else if (piece.Header.MayHaveCells && piece.End > piece.From)
        {
            found.Add(new Damage(layout.Segment(piece.Header.BasePosition, piece.Header.Generation), 0, Position.None, Position.None, "The file is missing."));
            visitor.MarkCellsUnknown();
        }

        visitor.AddHoles(new Position(piece.Until.Value - 1));
    }

    /// <summary>The end of a step: after at least one frame.</summary>
    static long StepEnd(FrameReader reader, long at, long end)
    {
        var behind = reader.TryReadHeader(at, out var first) ? first.End : at;
        return Math.Min(end, Math.Max(behind, at + BytesPerStep));
    }

    static bool IsWholeAt(FrameReader reader, long at, long end, Position next) =>
        at < end && reader.TryReadHeader(at, out var header) && header.BasePosition == next && header.End <= end && reader.IsWhole(header);
}

/// <summary>The part of a stretch that is in one segment.</summary>
/// <param name="Header">The header of the segment.</param>
/// <param name="From">The offset where the piece begins.</param>
/// <param name="End">The offset after its end.</param>
/// <param name="First">The position of its first fact.</param>
/// <param name="Until">The position after its last fact.</param>
internal readonly record struct LogPiece(SegmentHeader Header, long From, long End, Position First, Position Until);
