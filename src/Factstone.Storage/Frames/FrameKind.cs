namespace Factstone.Storage;

/// <summary>What a frame is; on disk, so for ever.</summary>
internal enum FrameKind : byte
{
    /// <summary>One append.</summary>
    Batch = 1,

    /// <summary>The last frame of a segment that another one follows.</summary>
    Seal = 2,

    /// <summary>The writer has closed the ledger; frames behind it are of a later session.</summary>
    Closing = 3,

    /// <summary>Written by repair in place of facts that are gone; from format 2.</summary>
    Lost = 4,
}
