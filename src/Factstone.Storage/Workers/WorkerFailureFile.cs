using System.Text;

namespace Factstone.Storage;

/// <summary>The file <c>WORKERS</c>: the stopped workers of the writer, for readers in other processes. See docs/format.md, "Files".</summary>
internal static class WorkerFailureFile
{
    const int BytesMax = 4_096;

    /// <summary>Writes the file again. It may fail: nothing depends on the file, and the disk may be what stopped the worker.</summary>
    public static void TryWrite(IFileSystem files, LedgerLayout layout, IReadOnlyList<WorkerFailure> failures)
    {
        try
        {
            var text = string.Concat(failures.Select(static one => $"{one.Worker}: {one.Message.ReplaceLineEndings(" ")}\n"));
            var bytes = Encoding.UTF8.GetBytes(text);
            files.Delete(layout.Workers);
            using var file = files.Open(layout.Workers, FileOpening.CreateNew);
            file.Write(bytes.AsSpan(0, Math.Min(bytes.Length, BytesMax)), 0);
        }
        catch (Exception failure) when (failure is not MachineStoppedException)
        {
            // This process reports the failure itself; other processes do not learn of it.
        }
    }

    /// <summary>The failures of the last writer; empty if the file cannot be read.</summary>
    public static IReadOnlyList<WorkerFailure> Read(IFileSystem files, LedgerLayout layout)
    {
        try
        {
            if (!files.FileExists(layout.Workers)) return [];
            using var file = files.Open(layout.Workers, FileOpening.ReadOnly);
            var bytes = new byte[BytesMax];
            var text = Encoding.UTF8.GetString(bytes, 0, file.Read(bytes, 0));
            return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split(": ", 2)).Where(static line => line.Length == 2).Select(static line => new WorkerFailure(line[0], line[1], null))];
        }
        catch (FactstoneException)
        {
            return []; // an open for writing has removed it meanwhile
        }
    }

    /// <summary>For an open for writing, which starts its workers again.</summary>
    public static void TryRemove(IFileSystem files, LedgerLayout layout)
    {
        try
        {
            if (files.FileExists(layout.Workers)) files.Delete(layout.Workers);
        }
        catch (FactstoneException)
        {
            // The content is out of date; nothing depends on it.
        }
    }
}
