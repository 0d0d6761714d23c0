using System.IO.Compression;

namespace Factstone.Cli.Exports;

/// <summary>A new file that gets its name when it is complete.</summary>
internal static class ExportFile
{
    const int BufferBytes = 64 * 1_024;

    /// <param name="path">The file.</param>
    /// <param name="write">Writes the content, and returns a count.</param>
    /// <param name="isPackedByName">Whether a name that ends with <c>.gz</c> means that the content is packed.</param>
    public static async Task<long> WriteAsync(string path, Func<Stream, Task<long>> write, bool isPackedByName)
    {
        if (File.Exists(path) || Directory.Exists(path)) throw CliException.Refused($"'{path}' exists already. Choose another name, or remove it first.");
        var part = $"{path}.part";
        try
        {
            long count;
            await using (var file = new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.None, BufferBytes))
            {
                if (isPackedByName && path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
                {
                    await using var packed = new GZipStream(file, CompressionLevel.Optimal, leaveOpen: true);
                    count = await write(packed);
                }
                else
                {
                    count = await write(file);
                }

                file.Flush(flushToDisk: true);
            }

            File.Move(part, path, overwrite: false);
            return count;
        }
        catch (Exception failure)
        {
            TryDelete(part);
            if (failure is IOException or UnauthorizedAccessException or ArgumentException) throw CliException.Failed($"'{path}' cannot be written: {failure.Message}", failure);
            throw;
        }
    }

    static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // The failure that led here is the one to report.
        }
    }
}
