namespace Factstone.Storage;

/// <summary>What an open has found, for writing or for reading only.</summary>
internal interface ILedgerOpening
{
    FactIndex Index { get; }

    SegmentDirectory Directory { get; }

    RunDirectory Runs { get; }

    /// <summary>The facts that repairs have recorded as lost.</summary>
    LostFacts Lost { get; }

    /// <summary>The manifest as the open found it, or read it last.</summary>
    Manifest Manifest { get; }

    /// <summary>The manifest with the segments that this writer has added.</summary>
    Manifest NewestManifest { get; }

    void CloseFiles();
}
