namespace Factstone.Storage;

/// <summary>Reads the log into the index, one segment after the other. An open for writing and an open for reading share it; they differ in where the log ends.</summary>
/// <remarks>Always true: everything before <see cref="FileOffset"/> in the current segment is in the index, or was reported as damage.</remarks>
internal sealed class LogWalk(IFileSystem files, LedgerLayout layout, StorageOptions options, SegmentSet segments, SegmentDirectory directory, FactIndex index, List<Damage> damage)
{
    LogLocation _runsEnd;
    Position _runsNext;
    long _sequence;

    /// <summary>The segment that was read last; null before the first one, and after a segment that is missing.</summary>
    public Segment? Current { get; private set; }

    /// <summary>The offset in the current segment up to which the log was read.</summary>
    public long FileOffset { get; private set; }

    /// <summary>The position of the fact at that offset.</summary>
    public Position Next { get; private set; }

    public LogLocation Location => Current?.LocationOf(FileOffset) ?? default;

    /// <summary>Continues after the runs that the index was started with.</summary>
    public void StartAfter(Manifest manifest, in LogLocation runsEnd)
    {
        (_runsEnd, _runsNext) = (runsEnd, index.Next);
        (FileOffset, Next) = (runsEnd.FileOffset, index.Next);
        Current = directory.Find(runsEnd.Base, runsEnd.Generation);
        Current?.RaiseFoundEnd(runsEnd.FileOffset);
        _sequence = (Current?.Header ?? manifest.Segments.FirstOrDefault(runsEnd.IsIn))?.Sequence ?? 0;
    }

    /// <summary>Reports the segments before the first listed one as damage, if there were any.</summary>
    public void CheckFirst(Manifest manifest)
    {
        var first = manifest.Segments[0];
        if (first.BasePosition == new Position(1) && first.PreviousGeneration == 0) return;

        // The missing segments may have contained cells only; then no position is missing.
        var last = new Position(first.BasePosition.Value - 1);
        damage.Add(new Damage(layout.Segments, 0, last > Position.None ? new Position(1) : Position.None, last, "The segments before the first one in the directory are missing."));
        index.AddHoles(last);
        if (_runsEnd == default) index.MarkCellsUnknown();
    }

    /// <summary>Checks the part of the log that the runs cover. Even where that part is damaged, the runs know its content.</summary>
    public void CheckCovered(Manifest manifest)
    {
        if (_runsEnd == default) return;
        using var covered = new SegmentSet(files, layout, options, directory, NullVisitor.Instance, damage);
        covered.SetRemainingBytes(manifest.SealedBytes);
        covered.ReadCovered(manifest, _runsEnd, _runsNext, header => NoteDamage(isSealed: header != manifest.Last));
    }

    /// <summary>Tells how much of these segments is still to be read, for the progress report.</summary>
    /// <param name="chain">The segments.</param>
    /// <param name="end">The offset at which the last one ends, as far as is known.</param>
    public void SetRemainingBytes(IReadOnlyList<SegmentHeader> chain, long end)
    {
        var bytes = 0L;
        for (var i = 0; i < chain.Count; i++)
        {
            if (chain[i].Sequence < _sequence) continue;
            var from = Current?.Header.Name == chain[i].Name ? FileOffset : _runsEnd.IsIn(chain[i]) ? _runsEnd.FileOffset : SegmentHeader.Bytes;
            bytes += Math.Max(0, (i + 1 < chain.Count ? Manifest.EndOf(chain, i)!.Value : end) - from);
        }

        segments.SetRemainingBytes(bytes);
    }

    /// <summary>Reads all but the last of these segments, each to its end.</summary>
    /// <returns>False when a writer has replaced one of them in the meantime.</returns>
    public bool TryReadSealed(IReadOnlyList<SegmentHeader> chain)
    {
        for (var i = 0; i + 1 < chain.Count; i++)
        {
            var until = chain[i + 1].BasePosition;
            var before = damage.Count;
            if (TryEnter(chain[i], until, out var isReplaced)) ReadTo(Manifest.EndOf(chain, i)!.Value, until);
            if (isReplaced) return false;
            if (damage.Count > before) NoteDamage(isSealed: true);
        }

        return true;
    }

    /// <summary>Makes a segment the current one, from its start or from the end of the runs in it.</summary>
    /// <param name="header">The header, as in the manifest.</param>
    /// <param name="until">The position after its last fact, if known; otherwise its first position.</param>
    /// <param name="isReplaced">Whether a writer has replaced the segment in the meantime.</param>
    /// <returns>False when the log was already read beyond it, or when it is missing.</returns>
    public bool TryEnter(SegmentHeader header, Position until, out bool isReplaced)
    {
        isReplaced = false;
        if (header.Sequence < _sequence) return false;
        if (Current?.Header.Name == header.Name) return true;
        var known = damage.Count;
        if (Open(header, until) is not { } segment)
        {
            isReplaced = IsReplaced(header);
            if (isReplaced) damage.RemoveRange(known, damage.Count - known);
            else ReportMissing(header, until);
            return false;
        }

        if (header.BasePosition > index.Next)
        {
            var last = new Position(header.BasePosition.Value - 1);
            damage.Add(new Damage(layout.Segments, 0, index.Next, last, "The segments before this one are missing."));
            index.AddHoles(last);
            index.MarkCellsUnknown();
        }

        (Current, _sequence) = (segment, header.Sequence);
        (FileOffset, Next) = _runsEnd.IsIn(header) ? (_runsEnd.FileOffset, _runsNext) : (SegmentHeader.Bytes, header.BasePosition);
        return true;
    }

    /// <summary>Reads the current segment up to an end below which everything was durable.</summary>
    /// <param name="end">The offset at which the range ends.</param>
    /// <param name="until">The position after its last fact, if known.</param>
    public void ReadTo(long end, Position? until)
    {
        if (end <= FileOffset) return;

        // A read that failed half-way may have left facts in the index. It is repeated from the end of the last complete read.
        segments.ReadDurable(Current!, FileOffset, end, Next, until);
        Current!.RaiseFoundEnd(end);
        (FileOffset, Next) = (end, until ?? index.Next); // runs may know more than HEAD
    }

    Segment? Open(SegmentHeader header, Position until)
    {
        try
        {
            var segment = directory.Find(header.BasePosition, header.Generation) ?? segments.AddSegment(header, until);

            // The segment is read now, so a missing file must be found now.
            _ = segment?.File.Length;
            return segment;
        }
        catch (LedgerIOException) when (IsReplaced(header))
        {
            return null; // removed before the open
        }
        catch (LedgerDamagedException)
        {
            return null; // missing, which was reported
        }
    }

    void ReportMissing(SegmentHeader header, Position until)
    {
        index.AddHoles(new Position(until.Value - 1));
        if (header.MayHaveCells) index.MarkCellsUnknown();
    }

    bool IsReplaced(SegmentHeader header) => segments.IsReplaced?.Invoke(header) == true;

    void NoteDamage(bool isSealed)
    {
        if (isSealed) options.BranchTaken?.Invoke(RecoveryBranch.DamageInSealedSegment);
    }
}
