namespace Factstone.Storage;

/// <summary>The kind of a frame; on disk, so the values never change.</summary>
internal enum FrameKind : byte
{
    /// <summary>One append.</summary>
    Batch = 1,

    /// <summary>The last frame of a segment that is followed by another segment.</summary>
    Seal = 2,

    /// <summary>The writer closed the ledger here; later frames belong to a later session.</summary>
    Closing = 3,

    /// <summary>Written by a repair in place of lost facts; from format 2.</summary>
    Lost = 4,
}
