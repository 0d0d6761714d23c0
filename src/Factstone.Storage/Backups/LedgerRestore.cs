namespace Factstone.Storage;

/// <summary>Creates a ledger from a backup, in a new or empty directory: the same log, followed by a segment of the next epoch with a receipt.</summary>
/// <remarks>Always true: the directory is marked as unfinished, and its lock is held, until every frame was read back whole and everything is durable.</remarks>
internal sealed class LedgerRestore
{
    readonly CopyTask _task;
    readonly StorageOptions _options;
    readonly BackupContent _backup;
    readonly PinnedLog _log;

    LedgerRestore(CopyTask task, StorageOptions options, BackupContent backup) => (_task, _options, _backup, _log) = (task, options, backup, backup.Log);

    /// <summary>Runs the restore.</summary>
    /// <param name="source">The file system of the backup.</param>
    /// <param name="from">Its directory.</param>
    /// <param name="target">The file system of the ledger.</param>
    /// <param name="to">The directory of the ledger: a new or an empty one, or one with an unfinished restore.</param>
    /// <param name="options">The sources of time and salts, and how long to wait for another restore into the same directory.</param>
    /// <param name="progress">Called with the bytes copied and the bytes to copy.</param>
    /// <param name="cancellationToken">Ends the restore; what was written is removed.</param>
    public static RestoreReport Run(IFileSystem source, LedgerLayout from, IFileSystem target, LedgerLayout to, StorageOptions options, Action<long, long>? progress, CancellationToken cancellationToken)
    {
        LedgerDirectory.RefuseUnfinished(source, from);
        var backup = BackupFile.Read(source, from)
            ?? throw new LedgerNotFoundException(from.Root, $"it contains no backup, and only a backup can be restored. Make one: factstone backup DIRECTORY --data '{from.Root}'");
        using var directory = TargetDirectory.Begin(target, to, options, UnfinishedMark.Restore, cancellationToken);
        var task = new CopyTask(source, from, directory.Files, to, progress, cancellationToken);
        RestoreReport report;
        try
        {
            report = new LedgerRestore(task, options, backup).Restore();
        }
        catch
        {
            directory.Remove();
            throw;
        }

        directory.Finish();
        return report;
    }

    RestoreReport Restore()
    {
        var blobCopy = new BlobCopy(_task, "restored");
        _task.Bytes = _log.Bytes + blobCopy.Bytes();
        var scan = new RestoreScan();
        CopySegments(scan);
        var epoch = _log.Manifest.Epoch + 1;
        var (runs, runBytes) = new RunCopy(_task).Copy(_log, epoch);
        var (blobs, blobBytes) = blobCopy.Copy();
        var report = new RestoreReport
        {
            LedgerId = _log.Manifest.LedgerId,
            EpochBefore = _log.Manifest.Epoch,
            Epoch = epoch,
            LastCommonPosition = _log.End.Position,
            RecordedAt = _log.End.Position == Position.None ? null : Microseconds.ToTime(_log.End.RecordedAt),
            BackedUpAt = Microseconds.ToTime(_backup.MadeAt),
            Receipt = _log.End.Position.Next(),
            Segments = 0,
            SegmentBytes = 0,
            Runs = runs,
            RunBytes = runBytes,
            Blobs = blobs,
            BlobBytes = blobBytes,
        };

        var segment = NextSegment(report, scan);
        var end = segment.Create(_task.Target, _task.To, _options);
        var manifest = segment.ManifestAfter(_log.Segments, _log.IsLastLive);
        new ManifestFile(_task.Target, _task.To).Replace(manifest);
        ReceiptSegment.Publish(_task.Target, _task.To, end);
        _task.Target.SyncDirectory(_task.To.Root);
        return report with { Segments = manifest.Segments.Count, SegmentBytes = manifest.SealedBytes + end.FileOffset };
    }

    void CopySegments(RestoreScan scan)
    {
        using var copy = new SegmentCopy(_task, _options);
        for (var i = 0; i < _log.Segments.Count; i++)
        {
            if (i + 1 == _log.Segments.Count && !_log.IsLastLive) continue; // it is empty: another segment takes its place
            var header = _log.Segments[i];
            var path = _task.From.Segment(header.BasePosition, header.Generation);
            IReadOnlyList<Damage> damage = _task.Source.FileExists(path)
                ? copy.Copy(header, _log.EndOf(i), _log.NextAfter(i), scan)
                : [new Damage(path, 0, Position.None, Position.None, "The file is missing.")];
            if (damage.Count > 0) throw Damaged(damage);
        }

        _task.Target.SyncDirectory(_task.To.Segments);
    }

    ReceiptSegment NextSegment(RestoreReport report, RestoreScan scan)
    {
        var damage = new List<Damage>();
        var lost = LostFacts.Read(_task.Source, _task.From, _log.Segments, damage);
        if (damage.Count > 0) throw Damaged(damage);

        var old = _log.Manifest.Last;
        var lastTime = Math.Max(Math.Max(scan.LastTime, _log.End.RecordedAt), old.BaseTime);
        return new ReceiptSegment
        {
            Header = ReceiptSegment.HeaderAfter(
                old,
                oldEnd: _log.IsLastLive ? _log.End.FileOffset : null,
                sequence: Math.Max(old.Sequence, _log.Manifest.Generation) + 1,
                report.Epoch,
                report.LastCommonPosition,
                first: report.Receipt,
                generation: _log.Segments.Where(segment => segment.BasePosition == report.Receipt).Select(segment => segment.Generation).DefaultIfEmpty().Max() + 1,
                lastTime,
                SegmentChain.NewNonce(_options)),
            Stream = ReceiptStream.Restore,
            Receipt = report.Receipt,
            Version = lost.NextVersion(ReceiptStream.Restore.Name, lost.Raise(ReceiptStream.Restore.Name, scan.Receipt, report.LastCommonPosition)),
            RecordedAt = Math.Max(Microseconds.From(_options.Time.GetUtcNow()), lastTime + 1),
            Payload = RestoreReceipt.Payload(report),
        };
    }

    LedgerDamagedException Damaged(IReadOnlyList<Damage> damage) => new($"Nothing was restored: the backup in '{_task.From.Root}' is damaged.", damage);
}
