namespace Factstone.Storage;

/// <summary>The stand-in for a large run with a damaged block until the run is rebuilt. Whole blocks still answer; the log answers in place of damaged ones.</summary>
/// <remarks>
/// Always true: an answer comes from a block whose checksum holds, or from whole frames of the log. An answer from the log
/// takes up to a scan of the run's stretch, and needs bounded memory, except that a stream's locations take 24 bytes each.
/// A scan ends after some megabytes when its caller has cancelled the read (<see cref="CallerToken"/>), or the ledger is
/// being closed. Threads: any number.
/// </remarks>
internal sealed class DamagedRun(Run run, LogStretch log, DamageLog damage, ReaderGate gate, StorageOptions options) : IndexPart
{
    long _rebuilt;

    public Run Run => run;

    /// <summary>The number of facts, cells or append ids of it that the rebuild has written so far, at most <see cref="RunFooter.Items"/>.</summary>
    public long Rebuilt
    {
        get => Volatile.Read(ref _rebuilt);
        set => Volatile.Write(ref _rebuilt, Math.Min(value, run.Footer.Items));
    }

    public override Position First => run.First;

    public override Position Last => run.Last;

    public override LogLocation End => run.End;

    public override long LastTime => run.LastTime;

    public override long FirstTime => run.FirstTime;

    public override long Streams => run.Streams;

    public override long AppendIds => run.AppendIds;

    public override bool TryFind(Position position, out Segment segment, out long fileOffset)
    {
        try
        {
            return run.TryFind(position, out segment, out fileOffset);
        }
        catch (RunDamagedException)
        {
            var found = Locations(position, position);
            (segment, fileOffset) = found.Count > 0 ? (found[0].Segment!, found[0].FileOffset) : (null!, 0);
            return found.Count > 0;
        }
    }

    public override Position AddLocations(FactPage page, Position position, Position until)
    {
        try
        {
            return run.AddLocations(page, position, until);
        }
        catch (RunDamagedException)
        {
            var last = new Position(Math.Min(Math.Min(Last.Value, until.Value), position.Value + page.Room - page.Count - 1));
            var found = Locations(position, last);
            for (var i = 0; position <= last; position = position.Next())
            {
                while (i < found.Count && found[i].Position < position) i++;
                page.Add(i < found.Count && found[i].Position == position ? found[i] : new FactLocation(position, null, 0));
            }

            return position;
        }
    }

    /// <summary>The segment that contains a fact; null if its file is missing.</summary>
    public Segment? SegmentOf(Position position) => run.SegmentOf(position);

    public override Location LastLocation(StreamName stream, in TermKey key, Position until)
    {
        try
        {
            return run.LastLocation(stream, key, until);
        }
        catch (RunDamagedException)
        {
            return ScanLast(stream, until);
        }
    }

    /// <summary>Finds the last fact of a stream by a scan of the log.</summary>
    public Location ScanLast(StreamName stream, Position until) => Scan(new StreamScan(new TermBytes(Term.Stream(stream)), until < Last ? until : Last, keepsAll: false)).Last;

    public override IStreamLocations? FindStream(StreamName stream, in TermKey key)
    {
        IStreamLocations Scanned() => new ScannedLocations([.. Scan(new StreamScan(new TermBytes(Term.Stream(stream)), Last, keepsAll: true)).Locations]);
        try
        {
            return run.FindStream(stream, key) is { } found ? new GuardedLocations(found, Scanned) : null;
        }
        catch (RunDamagedException)
        {
            return Scanned() is { Count: > 0 } scanned ? scanned : null;
        }
    }

    public override IndexedAppend? FindAppend(string appendId, in TermKey key)
    {
        try
        {
            return run.FindAppend(appendId, key);
        }
        catch (RunDamagedException)
        {
            return Scan(new AppendIdScan(appendId)).Found;
        }
    }

    public override CellEntry? FindCell(CellName cell, in TermKey key)
    {
        try
        {
            return run.FindCell(cell, key);
        }
        catch (RunDamagedException)
        {
            return Scan(new CellScan(new TermBytes(Term.Cell(cell)))).Found;
        }
    }

    public override CellCursor? OpenCells(byte[] from, byte[] prefix) => run.Footer.Cells > 0 ? new GuardedCells(this, from, prefix) : null;

    public override PositionCursor? Open(in Term term, in TermKey key, Position after, Position until, bool backward)
    {
        var sought = new TermBytes(term);
        PositionCursor Scanned(Position low, Position high) => new ScannedPositions(this, sought, low, high, backward);
        try
        {
            return run.Open(term, key, after, until, backward) is { } cursor ? new GuardedPositions(cursor, after, until, backward, Scanned) : null;
        }
        catch (RunDamagedException)
        {
            return Scanned(after, until);
        }
    }

    public override long CountAtMost(in Term term, in TermKey key)
    {
        try
        {
            return run.CountAtMost(term, key);
        }
        catch (RunDamagedException)
        {
            return run.Footer.Facts;
        }
    }

    public override StreamCursor? OpenStreams(string store, string prefix, string? after) => new GuardedStreams(this, store, prefix, after);

    public override IEnumerable<StoreCount> Stores()
    {
        try
        {
            return [.. run.Stores()];
        }
        catch (RunDamagedException)
        {
            return Scan(new StoresScan()).Counts;
        }
    }

    public override (Position AtOrBefore, Position After) Bracket(long recordedBy)
    {
        try
        {
            return run.Bracket(recordedBy);
        }
        catch (RunDamagedException)
        {
            // The range is the whole run. The recorded times of the facts narrow it down.
            return (First, Last.Next());
        }
    }

    /// <summary>The pieces of the log that the run covers.</summary>
    public IReadOnlyList<LogPiece> Pieces() => log.Pieces(run);

    /// <summary>Scans the whole stretch, or until all is found.</summary>
    /// <exception cref="LedgerDamagedException">The log is damaged there.</exception>
    public TScan Scan<TScan>(TScan scan) where TScan : LogScan
    {
        foreach (var piece in Pieces())
        {
            if (scan.IsDone) break;
            Scan(scan, piece);
        }

        return scan;
    }

    /// <summary>Scans one piece.</summary>
    /// <exception cref="LedgerDamagedException">The log is damaged there.</exception>
    /// <exception cref="OperationCanceledException">The caller has cancelled the read.</exception>
    /// <exception cref="ObjectDisposedException">The ledger is closed.</exception>
    public void Scan(LogScan scan, LogPiece piece)
    {
        ThrowIfEnded();
        options.BranchTaken?.Invoke(RecoveryBranch.LogAnsweredForRun);
        var found = new List<Damage>();
        foreach (var step in log.Walk(piece, scan, found))
        {
            if (scan.IsDone) return;
            ThrowIfEnded();
        }

        if (found.Count == 0) return;
        damage.Add([.. found]);
        throw new LedgerDamagedException($"The file '{run.Path}' of the index is damaged, and so is the log that it is of.", found);
    }

    void ThrowIfEnded()
    {
        CallerToken.ThrowIfCancelled();
        gate.ThrowIfClosed();
    }

    List<FactLocation> Locations(Position from, Position until)
    {
        var scan = new PositionScan(from, until);
        foreach (var piece in Pieces())
            if (piece.Until > from && piece.First <= until && !scan.IsDone) Scan(scan, piece);
        return scan.Found;
    }
}
