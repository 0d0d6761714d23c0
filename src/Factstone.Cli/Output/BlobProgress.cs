namespace Factstone.Cli.Output;

/// <summary>Reports how far a large blob is. A small one needs no report, however long the disk takes.</summary>
/// <param name="progress">The operation.</param>
/// <param name="what">What is done, as a word.</param>
/// <param name="size">Bytes in all; null if that is unknown.</param>
internal sealed class BlobProgress(Progress progress, string what, long? size)
{
    const long LargeBytes = 16_000_000;

    public void Report(long done)
    {
        if (done >= LargeBytes) progress.Report(() => $"{what}: {done / 1_000_000:N0}{(size is { } all ? $" of {all / 1_000_000:N0}" : "")} MB");
    }
}
