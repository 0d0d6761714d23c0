namespace Factstone.Storage;

/// <summary>A ledger that was opened for writing, but whose damage makes writing unsafe. It can only be read until it is repaired.</summary>
internal sealed class DamagedStorage(LockedDirectory directory, LedgerLayout layout, StorageOptions options, LedgerOpening opening)
    : LockedStorage(directory, layout, options, opening)
{
    public override bool MayHoldMore => LedgerOpening.HidesFacts;

    protected override long Tail => 0;

    public override IAppendSession Begin() => throw WriterStorage.Refused(Damage);

    protected override void Start()
    {
    }

    protected override void StopWorkers()
    {
    }
}
