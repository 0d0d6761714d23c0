namespace Factstone.Storage;

/// <summary>The published end of the log: a mapped page with two slots, written in turn, so that one of them is always whole.</summary>
/// <remarks>
/// Published after each sync and before any answer; the page reaches the disk when the system likes. So after a power
/// cut it can be behind the log, never ahead.
/// </remarks>
internal sealed class HeadFile(ISharedPage page) : IDisposable
{
    /// <summary>Slots are a sector apart, so that a torn write spoils one of them at most.</summary>
    const int SlotStride = 512;

    /// <summary>A slot that is being written while it is read is whole a moment later; a little more where its writer lost its processor.</summary>
    const int ReadAttempts = 64;

    const int PatientAttempts = 2;

    /// <summary>Both slots as they were found or written here.</summary>
    readonly byte[] _known = new byte[2 * HeadSlot.Bytes];

    long _sequence;

    /// <summary>Opens the page for reading; null where there is none, or none yet.</summary>
    public static HeadFile? TryOpen(IFileSystem files, LedgerLayout layout)
    {
        if (!files.FileExists(layout.Head)) return null;

        // A writer that makes it anew gives it its size a moment after its name.
        using (var file = files.Open(layout.Head, FileOpening.ReadOnly))
            if (file.Length < ISharedPage.Size) return null;
        return new HeadFile(files.OpenSharedPage(layout.Head, writable: false));
    }

    /// <summary>What the page of a ledger says; null where there is none, or no whole slot in it.</summary>
    public static HeadSlot? ReadSlot(IFileSystem files, LedgerLayout layout)
    {
        using var head = TryOpen(files, layout);
        return head?.Read(out _);
    }

    /// <summary>Goes on counting from what was found when the page was opened.</summary>
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

    /// <summary>For the writer: what another one has published since; null where nobody has. An older slot that was put back is nobody's, and so is one that is damaged.</summary>
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

    /// <summary>The newest whole slot, or null when there is none.</summary>
    /// <param name="isWhole">Whether both slots are.</param>
    /// <param name="isPatient">Whether to wait until a slot that is being written is whole, so as not to report it as damaged. The other one is as good: it has all that was answered.</param>
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
