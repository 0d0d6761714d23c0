namespace Factstone.Storage;

/// <summary>Copies the live part of segments, syncs it, and checks every frame of the copy.</summary>
internal sealed class SegmentCopy(CopyTask task, StorageOptions options) : IDisposable
{
    readonly FileWindow _window = new(64 * 1_024, 1_024 * 1_024);

    /// <summary>Copies one segment.</summary>
    /// <param name="header">The segment.</param>
    /// <param name="end">The end of its live part.</param>
    /// <param name="until">The position after its last one.</param>
    /// <param name="visitor">Receives all its content, if all of it is whole.</param>
    /// <returns>Damage in the segment; empty if the copy is whole.</returns>
    /// <exception cref="LedgerIOException">What was read back differs from what was written.</exception>
    public IReadOnlyList<Damage> Copy(SegmentHeader header, long end, Position until, IFrameVisitor visitor)
    {
        var path = task.From.Segment(header.BasePosition, header.Generation);
        var copyPath = task.To.Segment(header.BasePosition, header.Generation);
        task.Copy(path, copyPath, end);
        using (var copy = new Segment(task.Target.Open(copyPath, FileOpening.ReadOnly), header))
            if (IsWhole(copy, end, until, visitor)) return [];

        // Either the original was damaged already, or the copy failed: another read of the segment shows which.
        using var segment = new Segment(task.Source.Open(path, FileOpening.ReadOnly), header);
        var damage = DamageOf(segment, end, until);
        return damage.Count > 0 ? damage : throw new LedgerIOException(copyPath, "copy", "what was read back differs from what was written");
    }

    public void Dispose() => _window.Dispose();

    bool IsWhole(Segment segment, long end, Position until, IFrameVisitor visitor)
    {
        if (!HasHeader(segment)) return false;
        var walk = Walk(segment, end, NullVisitor.Instance);
        if (walk.FileOffset != end || walk.Next != until) return false;
        if (visitor != NullVisitor.Instance) Walk(segment, end, visitor);
        return true;
    }

    List<Damage> DamageOf(Segment segment, long end, Position until)
    {
        var damage = new List<Damage>();
        if (!HasHeader(segment)) damage.Add(new Damage(segment.Path, 0, Position.None, Position.None, "The header of the segment is damaged, or the file belongs to another ledger, or is older or newer than the other files."));
        var walk = Walk(segment, end, NullVisitor.Instance);
        if (walk.FileOffset != end || walk.Next != until) new DamageWalk(Reader(segment), NullVisitor.Instance, damage).Run(walk.FileOffset, end, walk.Next, until);
        return damage;
    }

    bool HasHeader(Segment segment)
    {
        Span<byte> bytes = stackalloc byte[SegmentHeader.Bytes];
        var read = segment.Read(bytes, 0);
        return SegmentHeader.Read(bytes[..read], out _) == segment.Header;
    }

    WalkEnd Walk(Segment segment, long end, IFrameVisitor visitor) => SegmentWalk.Run(Reader(segment), SegmentHeader.Bytes, end, segment.Header.BasePosition, visitor);

    FrameReader Reader(Segment segment)
    {
        _window.Forget();
        return new FrameReader(segment, _window, options.Defect);
    }
}
