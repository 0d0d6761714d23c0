namespace Factstone.Storage;

/// <summary>Repairs a ledger that no process has open for writing: keeps every whole fact, records what is lost, and leaves a receipt.</summary>
/// <remarks>
/// Always true: until the manifest is replaced the ledger is unchanged, and from then on it is repaired, receipt
/// included. If the repair stops in between, the next open or the next repair removes what it left.
/// </remarks>
internal sealed class LedgerRepair(LockedDirectory directory, LedgerLayout layout, StorageOptions options, Action<long, long>? progress, CancellationToken cancellationToken)
{
    readonly IFileSystem _files = directory.Files;
    readonly ManifestFile _manifests = new(directory.Files, layout);
    readonly List<string> _made = [];

    /// <summary>Takes the lock and repairs.</summary>
    /// <exception cref="LedgerNotFoundException">There is no ledger.</exception>
    /// <exception cref="LedgerLockedException">The ledger is open for writing.</exception>
    /// <exception cref="LedgerDamagedException">So little can be read that it is unknown which ledger this is.</exception>
    /// <exception cref="LedgerFullException">There is no space for the new files; nothing was changed.</exception>
    public static RepairReport Run(IFileSystem files, string root, StorageOptions options, bool isDryRun, Action<long, long>? progress, CancellationToken cancellationToken)
    {
        var layout = new LedgerLayout(root);
        LedgerDirectory.RefuseForWriting(files, layout);
        if (!LedgerDirectory.HoldsLedger(files, layout)) throw new LedgerNotFoundException(root, "the directory does not contain one.");
        using var directory = LockedDirectory.Open(files, layout, options, cancellationToken);
        LedgerDirectory.RefuseForWriting(directory.Files, layout); // the earlier holder of the lock may have been a restore
        return new LedgerRepair(directory, layout, options, progress, cancellationToken).Run(isDryRun);
    }

    RepairReport Run(bool isDryRun)
    {
        var head = HeadFile.ReadSlot(_files, layout);
        using var survey = new RepairSurvey(_files, layout, options, progress, cancellationToken);
        survey.Run(head);
        var report = Report(survey, isDryRun);
        if (!report.WasDamaged || isDryRun) return report;

        cancellationToken.ThrowIfCancellationRequested();
        RemoveUnlisted(survey);
        Manifest? repaired = null;
        try
        {
            var segments = Rewrite(survey, report.Epoch);
            repaired = WriteEnd(survey, segments, ref report, out var end);
            RemoveIndex();
            if (directory.WhyLost() is { } why) throw new LedgerLockedException(layout.Root, $"another process: {why}", TimeSpan.Zero);
            _manifests.Replace(repaired);          // from here on the ledger is repaired
            ReceiptSegment.Publish(_files, layout, end); // before the old files are moved, because readers find segments by HEAD
            KeepDamaged(survey, repaired);
            return report;
        }
        catch (FactstoneException)
        {
            RemoveWritten(repaired);
            throw;
        }
    }

    RepairReport Report(RepairSurvey survey, bool isDryRun)
    {
        var salvaged = survey.Segments.Where(segment => segment.Salvaged is not null).Select(segment => segment.Salvaged!).ToList();
        var lost = salvaged.SelectMany(one => one.Lost).ToList();
        var unknown = salvaged.SelectMany(one => one.UnknownAppendIds).ToList();
        var end = new Position(survey.Next.Value - 1);
        var lostCells = salvaged.SelectMany(one => one.LostCells).ToList();
        var mayHaveLostCells = survey.IsLastMissing || salvaged.Exists(one => one.HasUnknownCells);
        var isLoss = survey.HasSetAside || survey.Foreign.Count > 0 || survey.LastEpoch > survey.Manifest.Epoch || lost.Count > 0 || unknown.Count > 0 || lostCells.Count > 0 || mayHaveLostCells;
        var common = lost.Count > 0 ? new Position(lost.Min(frame => frame.First.Value) - 1) : end;
        return new RepairReport
        {
            IsDryRun = isDryRun,
            Damage = survey.Damage,
            FactsLeft = end.Value - survey.Scan.LostCount,
            Lost = Joined(lost.Select(frame => new PositionRange(frame.First, frame.Last))),
            KnownLost = [.. lost.SelectMany(frame => frame.Known).Select(Known)],
            IncompleteAppends = [.. salvaged.SelectMany(one => one.IncompleteAppends)],
            UnknownAppendIds = Joined(unknown),
            LostCells = lostCells,
            MayHaveLostCells = mayHaveLostCells,
            Quarantined = [.. Damaged(survey).Select(name => $"{layout.Damaged[(layout.Root.Length + 1)..]}/{name}")],
            EpochBefore = survey.Manifest.Epoch,
            Epoch = survey.LastEpoch + (isLoss ? 1 : 0),
            LastCommonPosition = common,
            Receipt = Position.None,
        };
    }

    static LostFact Known(byte[] bytes)
    {
        Invariant.Holds(HeaderView.TryRead(bytes, out var header));
        return new LostFact(header.Position, header.Stream, header.StreamVersion, header.Type);
    }

    static List<PositionRange> Joined(IEnumerable<PositionRange> ranges)
    {
        var joined = new List<PositionRange>();
        foreach (var range in ranges.OrderBy(range => range.First))
        {
            if (joined.Count > 0 && joined[^1].Last.Next() >= range.First) joined[^1] = joined[^1] with { Last = range.Last > joined[^1].Last ? range.Last : joined[^1].Last };
            else joined.Add(range);
        }

        return joined;
    }

    /// <summary>Removes segments that an earlier repair or writer created and never listed. Without a manifest it is unknown whether they were listed, so they stay.</summary>
    void RemoveUnlisted(RepairSurvey survey)
    {
        if (survey.ManifestWasRebuilt) return;
        foreach (var segment in survey.Removable)
        {
            if (segment.Kind == UnlistedKind.Replaced) Quarantine.Keep(_files, layout, segment.Name);
            else _files.Delete($"{layout.Segments}/{segment.Name}");
        }

        foreach (var name in _files.List(layout.Segments).Where(LedgerLayout.IsSpare)) _files.Delete($"{layout.Segments}/{name}");

        _files.SyncDirectory(layout.Segments);
    }

    /// <summary>The index has locations in files that are about to be replaced; it is rebuilt from the new ones.</summary>
    void RemoveIndex()
    {
        var names = _files.List(layout.Index).Where(name => RunDirectory.IsRun(name) || name == FileNames.NameOf(layout.Suspicion)).ToList();
        foreach (var name in names) _files.Delete($"{layout.Index}/{name}");
        if (names.Count > 0) _files.SyncDirectory(layout.Index);
    }

    /// <summary>Writes each damaged segment again, durably. No manifest lists the new ones yet.</summary>
    List<SegmentHeader> Rewrite(RepairSurvey survey, long epoch)
    {
        var segments = new List<SegmentHeader>();
        foreach (var plan in survey.Segments)
        {
            cancellationToken.ThrowIfCancellationRequested();
            segments.Add(plan.Salvaged is { } salvaged ? Rewrite(survey, plan, salvaged, epoch) : plan.Header);
        }

        return segments;
    }

    SegmentHeader Rewrite(RepairSurvey survey, SegmentPlan plan, SalvagedSegment salvaged, long epoch)
    {
        var header = plan.Header with
        {
            Format = LedgerLayout.Format,
            Generation = NextGeneration(plan.Header.BasePosition, survey.Manifest),
            FirstGeneration = plan.Header.LinkGeneration,
            Nonce = SegmentChain.NewNonce(options),
            RepairEpoch = epoch,
            LiveEnd = SegmentHeader.Bytes,
            LastLost = 0,
        };
        var source = survey.Reader(plan, out var opened);
        using (opened)
        {
            Make(header, target =>
            {
                var rewrite = new SegmentRewrite(target);
                rewrite.Write(salvaged.Pieces, source);
                header = header with { LiveEnd = rewrite.End, LastLost = rewrite.LastLost };
                Span<byte> bytes = stackalloc byte[SegmentHeader.Bytes];
                header.Write(bytes);
                target.File.Write(bytes, 0);
            });
        }

        return header;
    }

    /// <summary>Writes the segment in which the log continues: the frames that a recovery would write again, the receipt, and a closing frame.</summary>
    /// <remarks>It is the last file: it begins the new epoch, and if the manifest has to be rebuilt, the others have no effect without it.</remarks>
    Manifest WriteEnd(RepairSurvey survey, List<SegmentHeader> segments, ref RepairReport report, out HeadSlot end)
    {
        var old = segments[^1];
        var isOldLive = old.LiveEnd > 0 || survey.TailEnd > SegmentHeader.Bytes;
        var first = survey.CarriedHeaders.Count > 0 ? survey.CarriedHeaders[0].BasePosition : survey.Next;
        report = report with { Receipt = survey.Next };
        var segment = new ReceiptSegment
        {
            Header = ReceiptSegment.HeaderAfter(
                old,
                oldEnd: !isOldLive ? null : old.LiveEnd > 0 ? old.LiveEnd : survey.TailEnd,
                sequence: Math.Max(old.Sequence, survey.LastGeneration) + 1,
                report.Epoch,
                report.Epoch > report.EpochBefore ? report.LastCommonPosition : survey.Manifest.Last.LastCommonPosition,
                first,
                NextGeneration(first, survey.Manifest),
                baseTime: survey.CarriedHeaders.Count > 0 ? survey.TimeBeforeCarried : survey.Scan.LastTime,
                SegmentChain.NewNonce(options)),
            Carried = [.. survey.CarriedHeaders.Zip(survey.Carried)],
            Stream = ReceiptStream.Repair,
            Receipt = survey.Next,
            Version = survey.Scan.NextReceiptVersion(),
            RecordedAt = Math.Max(Microseconds.From(options.Time.GetUtcNow()), survey.Scan.LastTime + 1),
            Payload = RepairReceipt.Payload(report, layout.Root),
        };
        _made.Add(segment.Header.Name);
        end = segment.Create(_files, layout, options);
        return segment.ManifestAfter(segments, isOldLive);
    }

    void Make(SegmentHeader header, Action<Segment> fill)
    {
        SegmentChain.Create(_files, layout, options, header, ready: null, fill).Dispose();
        _made.Add(header.Name);
    }

    int NextGeneration(Position basePosition, Manifest manifest)
    {
        var highest = manifest.Segments.Where(segment => segment.BasePosition == basePosition).Select(segment => segment.Generation).DefaultIfEmpty().Max();
        foreach (var name in _files.List(layout.Segments).Concat(_files.List(layout.Damaged)))
            if (LedgerLayout.TryReadSegmentName(name, out var first, out var generation) && first == basePosition) highest = Math.Max(highest, generation);
        return highest + 1;
    }

    /// <summary>The files that have been replaced, and those without readable content.</summary>
    static IEnumerable<string> Damaged(RepairSurvey survey) =>
        survey.Segments.Where(segment => segment.Salvaged is not null && segment.Source is not null).Select(segment => FileNames.NameOf(segment.Source!)).Concat(survey.Unreadable).Concat(survey.Foreign);

    void KeepDamaged(RepairSurvey survey, Manifest repaired)
    {
        try
        {
            foreach (var name in Damaged(survey)) Quarantine.Keep(_files, layout, name);
            if (survey.TornBytes > 0) KeepTorn(survey);
            if (survey.Segments[^1] is { Salvaged: null } last && repaired.Segments.All(segment => segment.Name != last.Header.Name)) _files.Delete(layout.Segment(last.Header.BasePosition, last.Header.Generation));
            SetAsideSegments.Forget(_files, layout);
            if (_files.DirectoryExists(layout.Damaged)) _files.SyncDirectory(layout.Damaged);
            _files.SyncDirectory(layout.Segments);
        }
        catch (FactstoneException)
        {
            // The ledger is repaired; the next open for writing moves the remaining files.
        }
    }

    void KeepTorn(RepairSurvey survey)
    {
        var last = survey.Segments[^1].Header;
        using var file = _files.Open(layout.Segment(last.BasePosition, last.Generation), FileOpening.ReadOnly);
        TornTail.Keep(_files, layout, file, last, survey.TornFrom, survey.TornBytes);
    }

    /// <summary>Removes what was written, so that a full disk is not fuller than before.</summary>
    void RemoveWritten(Manifest? repaired)
    {
        try
        {
            if (repaired is not null && _manifests.Read()?.Generation == repaired.Generation) return; // the repair has taken effect already
            // The last one is removed first, and durably: with it alone the repair would look complete.
            if (_made.Count > 0)
            {
                _files.Delete($"{layout.Segments}/{_made[^1]}");
                _files.SyncDirectory(layout.Segments);
            }

            foreach (var name in _made) _files.Delete($"{layout.Segments}/{name}");
            _files.Delete(layout.NewManifest);
        }
        catch (FactstoneException)
        {
            // No manifest lists them: the next repair removes them.
        }
    }
}
