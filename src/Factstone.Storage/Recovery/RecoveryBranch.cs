namespace Factstone.Storage;

/// <summary>The ways that opening, rolling and failing can take. A simulation counts them, and fails when one was never taken.</summary>
internal enum RecoveryBranch
{
    Created = 1,
    CreationResumed,
    ManifestRebuilt,
    HeadMissing,
    HeadSlotDamaged,
    CleanOpen,
    LastGroupRewritten,
    NothingToRewrite,
    TornTailCut,
    EmptySegmentDropped,
    UnlistedSegmentRemoved,
    DamageInSealedSegment,
    DamageBeforeLaterFrame,
    DamageBelowHead,
    SegmentHeaderDamaged,
    RecoveryDelayedByFullDisk,
    RecoveryResumed,
    SegmentRolled,
    SyncFailedAndMoved,
    SyncFailedAndUnknown,
    FullBeforeWrite,
    FullWhileWriting,
    ClosedCleanly,
    ReadOnlyOpen,
    ReadOnlyRefresh,
}
