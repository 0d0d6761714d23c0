using System.Globalization;
using Factstone.Cli.Bench;
using Factstone.Cli.Output;

namespace Factstone.Cli.Growth;

/// <summary><c>bench --growth</c>: checks the disk space, measures, prints the results, and cleans up.</summary>
internal sealed class GrowthRun(Session session, GrowthOptions options)
{
    public async Task<int> RunAsync(CancellationToken ct)
    {
        var isNew = !Directory.Exists(options.Directory);
        Directory.CreateDirectory(options.Directory);
        try
        {
            CheckRoom();
            if (!session.IsJson)
            {
                session.Output.WriteLine($"{Machine.Describe(options.Directory)}; load {Machine.Load()}");
                session.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Facts: JSON of {Payloads.Bytes} bytes with two tags, {string.Join(", ", options.Sizes.Select(size => $"{size.Facts:N0} of {size.Keys:N0} keys"))}, drawn uniformly; {options.Rounds} rounds."));
                session.Output.Flush();
            }

            GrowthResult result;
            using (var progress = new Progress(session.Host)) result = await new GrowthBench(options, status => progress.Report(() => status)).RunAsync(ct);
            if (session.IsJson) session.Output.WriteJson(json => GrowthReport.WriteJson(json, result));
            else foreach (var line in GrowthReport.Lines(result)) session.Output.WriteLine(line);
            if (options.Keeps && !session.IsJson) session.Output.WriteLine($"The ledgers are in '{options.Directory}'; the next --growth --in that directory reuses them.");
            return ExitCodes.Done;
        }
        catch (InvalidDataException wrong)
        {
            throw CliException.Failed(wrong.Message, wrong);
        }
        finally
        {
            Remove(isNew);
        }
    }

    void CheckRoom()
    {
        var free = new DriveInfo(options.Directory).AvailableFreeSpace;
        var there = new DirectoryInfo(options.Directory).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
        if (free + there < options.Bytes) throw CliException.Refused($"There is too little space in '{options.Directory}': the ledgers take about {Gigabytes(options.Bytes)} GB, and {Gigabytes(free)} GB are free. Give another directory with --in, or smaller --sizes.");
        session.Notice($"The ledgers take about {Gigabytes(options.Bytes)} GB in '{options.Directory}', where {Gigabytes(free)} GB are free.");
    }

    /// <summary>Removes only what was created here, because a directory that was given may contain more.</summary>
    void Remove(bool isNew)
    {
        string[] made = options.Keeps ? [options.ScratchDirectory] : [options.ScratchDirectory, .. options.Sizes.Select(options.DirectoryOf)];
        foreach (var directory in made)
            if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
        if (isNew && !Directory.EnumerateFileSystemEntries(options.Directory).Any()) Directory.Delete(options.Directory);
    }

    static string Gigabytes(long bytes) => (bytes / 1e9).ToString("0.0", CultureInfo.InvariantCulture);
}
