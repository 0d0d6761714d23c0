namespace Factstone.Storage;

/// <summary>Tells whether this is still the only writer of the ledger.</summary>
/// <remarks>Asked before a group is written, so that nothing of ours goes into files that are another's by now, and before it is acknowledged, so that no position is acknowledged twice. Both together take less than two microseconds.</remarks>
internal sealed class WriterGuard(LockedDirectory directory, HeadFile head, LedgerId ledgerId, long epoch)
{
    /// <summary>Why another writer may be at work; null where none is.</summary>
    public string? WhyLost() =>
        head.FindOther(ledgerId, epoch) is { } other ? $"another writer has published position {other.Position} in epoch {other.Epoch} of ledger {other.LedgerId}" : directory.WhyLost();
}
