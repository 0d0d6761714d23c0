namespace Factstone.Storage;

/// <summary>Copies a ledger, as of one published position, into a backup: beside its writer, or without one.</summary>
/// <remarks>
/// Always true: what is copied is below a published end, so the writer never changes it. The file <c>BACKUP</c> is
/// written after every frame of the copy was read back whole and is durable.
/// </remarks>
internal sealed class LedgerBackup
{
    /// <summary>How often the log is pinned again because one of its files is missing: a repair or a recovery has replaced it.</summary>
    const int PinsMax = 5;

    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    readonly CopyTask _task;
    readonly StorageOptions _options;
    readonly CancellationToken _cancellationToken;
    readonly Dictionary<string, (SegmentHeader Header, long End)> _copied = new(StringComparer.Ordinal);

    LedgerBackup(CopyTask task, StorageOptions options, CancellationToken cancellationToken) => (_task, _options, _cancellationToken) = (task, options, cancellationToken);

    /// <summary>Runs the backup.</summary>
    /// <param name="source">The file system of the ledger, or of the backup to be copied.</param>
    /// <param name="from">Its directory.</param>
    /// <param name="target">The file system of the copy.</param>
    /// <param name="to">The directory of the copy: a new or an empty one, or one with an unfinished backup.</param>
    /// <param name="options">The time source, and how long to wait for another backup into the same directory.</param>
    /// <param name="progress">Called with the bytes copied and the bytes to copy.</param>
    /// <param name="cancellationToken">Ends the backup; what was written is removed.</param>
    public static BackupReport Run(IFileSystem source, LedgerLayout from, IFileSystem target, LedgerLayout to, StorageOptions options, Action<long, long>? progress, CancellationToken cancellationToken)
    {
        var log = PinnedLog.Take(source, from, cancellationToken);
        RefuseUnrecovered(source, from, log, cancellationToken);
        using var directory = TargetDirectory.Begin(target, to, options, UnfinishedMark.Backup, cancellationToken);
        var task = new CopyTask(source, from, directory.Files, to, progress, cancellationToken);
        BackupReport report;
        try
        {
            report = new LedgerBackup(task, options, cancellationToken).Copy(log);
        }
        catch
        {
            directory.Remove();
            throw;
        }

        directory.Finish();
        return report;
    }

    BackupReport Copy(PinnedLog log)
    {
        _task.Bytes = log.Bytes;
        var runs = new RunCopy(_task).Copy(log, log.Manifest.Epoch); // first, before the writer merges them with later ones
        for (var pins = 1; !TryCopySegments(log, isLastAttempt: pins == PinsMax); pins++)
        {
            if (_cancellationToken.WaitHandle.WaitOne(Pause)) _cancellationToken.ThrowIfCancellationRequested();
            var epoch = log.Manifest.Epoch;
            log = PinnedLog.Take(_task.Source, _task.From, _cancellationToken);

            // The runs were chosen by the files that existed before.
            if (log.Manifest.Epoch != epoch) runs = new RunCopy(_task).Copy(log, log.Manifest.Epoch);
        }

        _task.Target.SyncDirectory(_task.To.Segments);
        var copy = new BlobCopy(_task, "backed up");
        _task.Bytes += copy.Bytes();
        var (blobs, blobBytes) = copy.Copy(); // after the log was pinned for the last time, so that it refers to no blob that is missing
        BackupFile.Write(_task.Target, _task.To, new BackupContent { Manifest = log.Manifest, End = log.End, MadeAt = MadeAt() });
        return new BackupReport
        {
            LedgerId = log.Manifest.LedgerId,
            Epoch = log.Manifest.Epoch,
            Position = log.End.Position,
            RecordedAt = log.End.Position == Position.None ? null : Microseconds.ToTime(log.End.RecordedAt),
            Segments = log.Segments.Count,
            SegmentBytes = log.Bytes,
            Runs = runs.Runs,
            RunBytes = runs.Bytes,
            Blobs = blobs,
            BlobBytes = blobBytes,
        };
    }

    /// <summary>A copy of a backup keeps the time of that backup.</summary>
    long MadeAt() => BackupFile.Read(_task.Source, _task.From)?.MadeAt ?? Microseconds.From(_options.Time.GetUtcNow());

    /// <summary>False if a segment is missing, so that the log has to be pinned again. Segments that were copied and still belong to the log are kept.</summary>
    bool TryCopySegments(PinnedLog log, bool isLastAttempt)
    {
        var names = log.Segments.Select(segment => segment.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var name in _copied.Keys.Where(name => !names.Contains(name)).ToList()) Remove(name);
        using var copy = new SegmentCopy(_task, _options);
        for (var i = 0; i < log.Segments.Count; i++)
        {
            var (header, end) = (log.Segments[i], log.EndOf(i));
            if (_copied.TryGetValue(header.Name, out var known) && known == (header, end)) continue;
            Remove(header.Name);
            var path = _task.From.Segment(header.BasePosition, header.Generation);
            try
            {
                _copied[header.Name] = (header, end);
                var damage = copy.Copy(header, end, log.NextAfter(i), NullVisitor.Instance);
                if (damage.Count > 0) throw new LedgerDamagedException($"Nothing was backed up: the ledger in '{_task.From.Root}' is damaged.", damage);
            }
            catch (LedgerIOException) when (!_task.Source.FileExists(path))
            {
                Remove(header.Name);
                if (isLastAttempt) throw new LedgerDamagedException($"Nothing was backed up: the ledger in '{_task.From.Root}' is damaged.", [Missing(path, header, log.NextAfter(i))]);
                return false;
            }
        }

        return true;
    }

    static Damage Missing(string path, SegmentHeader header, Position next) => next > header.BasePosition
        ? new Damage(path, 0, header.BasePosition, new Position(next.Value - 1), "The file is missing.")
        : new Damage(path, 0, Position.None, Position.None, "The file is missing.");

    void Remove(string name)
    {
        if (!_copied.Remove(name, out var copied)) return;
        _task.Target.Delete($"{_task.To.Segments}/{name}");
        _task.Subtract(copied.End);
    }

    /// <summary>After a power cut, less may be published than was acknowledged. Without a writer the rest is not published, and a backup would leave it out without notice.</summary>
    static void RefuseUnrecovered(IFileSystem source, LedgerLayout from, PinnedLog log, CancellationToken cancellationToken)
    {
        if (source.FileExists(from.Backup) || source.IsLocked(from.Lock)) return;
        if (new ManifestFile(source, from).Read() is not { } manifest) return;
        using var window = new FileWindow(64 * 1_024, 1_024 * 1_024);
        foreach (var header in manifest.Segments.Where(segment => segment.Sequence >= log.Manifest.Last.Sequence))
        {
            var path = from.Segment(header.BasePosition, header.Generation);
            if (!source.FileExists(path)) continue;
            using var segment = new Segment(source.Open(path, FileOpening.ReadOnly), header);
            if (!HasFacts(new FrameReader(segment, window), header == log.Manifest.Last ? log.End.FileOffset : SegmentHeader.Bytes)) continue;

            // A writer that was open meanwhile has published them.
            if (source.IsLocked(from.Lock) || PinnedLog.Take(source, from, cancellationToken).End.Sequence != log.End.Sequence) return;
            throw new BackupRefusedException(from.Root, "its last writer did not close it, and there are facts after the durable end in HEAD");
        }
    }

    /// <summary>Whether a whole frame with facts or cells is at an offset, or after marks there.</summary>
    static bool HasFacts(FrameReader reader, long fileOffset)
    {
        while (reader.TryReadHeader(fileOffset, out var header) && reader.IsWhole(header))
        {
            if (header.Kind == FrameKind.Batch) return true;
            fileOffset = header.End;
        }

        return false;
    }
}
