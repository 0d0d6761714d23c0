using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Together;

/// <summary>A mistake that the run must find.</summary>
internal enum PlantedMistakeTogether
{
    None,

    /// <summary>A repeat is sent under another id, so that it is written again.</summary>
    RepeatIsForgotten,

    /// <summary>The checkpoint of a projection is written before its states.</summary>
    CheckpointFirst,

    /// <summary>A put of a blob returns before the name of its file is durable.</summary>
    NamesOfBlobsNotSynced,

    /// <summary>A truncation drops one version less than its caller was told.</summary>
    TruncatesOneLess,
}

/// <summary>A file system that does not sync the directories of blobs.</summary>
internal sealed class UnsyncedNames(IFileSystem inner) : DecoratedFiles(inner)
{
    public override void SyncDirectory(string path)
    {
        if (!path.Contains("/blobs", StringComparison.Ordinal)) Inner.SyncDirectory(path);
    }
}
