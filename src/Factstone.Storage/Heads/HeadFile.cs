namespace Factstone.Storage;

/// <summary>The published end of the log: a mapped page with two slots, written in turn, so that one of them is always whole.</summary>
/// <remarks>
/// Published after each sync and before any answer. The page reaches the disk when the system writes it, so after a power
/// cut it can be behind the log, never ahead of it.
/// </remarks>
internal sealed class HeadFile(ISharedPage page) : IDisposable
{
    /// <summary>Slots are a sector apart, so that a torn write damages at most one of them.</summary>
    const int SlotStride = 512;

    /// <summary>A slot that is being written during a read is whole a moment later; it takes longer if the writer's thread was suspended.</summary>
    const int ReadAttempts = 64;

    const int PatientAttempts = 2;

    /// <summary>Both slots as they were read or written here.</summary>
    readonly byte[] _known = new byte[2 * HeadSlot.Bytes];

    long _sequence;

    /// <summary>Opens the page for reading; null if there is none, or none yet.</summary>
    public static HeadFile? TryOpen(IFileSystem files, LedgerLayout layout)
    {
        if (!files.FileExists(layout.Head)) return null;

        // A writer that creates the file sets its size a moment after its name.
        using (var file = files.Open(layout.Head, FileOpening.ReadOnly))
            if (file.Length < ISharedPage.Size) return null;
        return new HeadFile(files.OpenSharedPage(layout.Head, writable: false));
    }

    /// <summary>The slot of a ledger's page; null if there is no page, or no whole slot in it.</summary>
    public static HeadSlot? ReadSlot(IFileSystem files, LedgerLayout layout)
    {
        using var head = TryOpen(files, layout);
        return head?.Read(out _);
    }

    /// <summary>Continues the sequence that was found when the page was opened.</summary>
    public void ContinueAfter(long sequence)
    {
        _sequence = sequence;
        for (var slot = 0; slot < 2; slot++) page.Read(Known(slot), slot * SlotStride);
    }

    /// <summary>Moves the published end.</summary>
    public void Publish(HeadSlot slot)
    {
        _sequence++;
        Span<byte> bytes = stackalloc byte[HeadSlot.Bytes];
        (slot with { Sequence = _sequence }).Write(bytes);
        bytes.CopyTo(Known((int)(_sequence & 1)));
        page.Write(bytes, (int)(_sequence & 1) * SlotStride);
    }

    /// <summary>For the writer: a slot that another writer has published since; null if there is none. An older slot that was put back is ignored, and so is a damaged one.</summary>
    public HeadSlot? FindOther(LedgerId ledgerId, long epoch)
    {
        Span<byte> bytes = stackalloc byte[HeadSlot.Bytes];
        for (var slot = 0; slot < 2; slot++)
        {
            page.Read(bytes, slot * SlotStride);
            if (bytes.SequenceEqual(Known(slot)) || HeadSlot.Read(bytes) is not { } found) continue;
            if (found.Sequence >= _sequence || found.LedgerId != ledgerId || found.Epoch > epoch) return found;
        }

        return null;
    }

    /// <summary>Moves the published end in both slots and makes it durable.</summary>
    public void PublishDurably(HeadSlot slot)
    {
        Publish(slot);
        Publish(slot);
        page.Sync();
    }

    /// <summary>The newest whole slot; null if there is none.</summary>
    /// <param name="isWhole">Whether both slots are whole.</param>
    /// <param name="isPatient">Whether to wait until a slot that is being written is whole, so that it is not reported as damaged. The other slot is equally good: it includes everything that was answered.</param>
    public HeadSlot? Read(out bool isWhole, bool isPatient = true)
    {
        Span<byte> bytes = stackalloc byte[HeadSlot.Bytes];
        HeadSlot? newest = null;
        isWhole = false;
        var attempts = isPatient ? ReadAttempts + PatientAttempts : ReadAttempts;
        for (var attempt = 0; attempt < attempts && !isWhole; attempt++)
        {
            if (attempt >= ReadAttempts) Thread.Sleep(1);
            newest = null;
            isWhole = true;
            for (var slot = 0; slot < 2; slot++)
            {
                page.Read(bytes, slot * SlotStride);
                if (HeadSlot.Read(bytes) is not { } read) isWhole = false;
                else if (newest is null || read.Sequence > newest.Value.Sequence) newest = read;
            }
        }

        return newest;
    }

    public void Dispose() => page.Dispose();

    Span<byte> Known(int slot) => _known.AsSpan(slot * HeadSlot.Bytes, HeadSlot.Bytes);
}
