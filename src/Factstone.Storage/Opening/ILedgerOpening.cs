namespace Factstone.Storage;

/// <summary>The result of an open, for writing or for reading only.</summary>
internal interface ILedgerOpening
{
    FactIndex Index { get; }

    SegmentDirectory Directory { get; }

    RunDirectory Runs { get; }

    /// <summary>The facts that repairs have recorded as lost.</summary>
    LostFacts Lost { get; }

    /// <summary>The manifest as the open found it, or as it was last read.</summary>
    Manifest Manifest { get; }

    /// <summary>The manifest with the segments that this writer has added.</summary>
    Manifest NewestManifest { get; }

    void CloseFiles();
}
