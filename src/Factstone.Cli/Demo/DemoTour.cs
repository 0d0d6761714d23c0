using Factstone.Cli.Imports;
using Factstone.Cli.Output;

namespace Factstone.Cli.Demo;

/// <summary>The pages of the demo, in order.</summary>
internal sealed class DemoTour(DemoPage page, TimeProvider clock)
{
    public async Task<Throughput> RunAsync(Ledger ledger, DemoImport import, string repository, GitRepository source, CancellationToken ct)
    {
        var file = await MostChangedFileAsync(ledger, ct);

        await ShowImportAsync(import, source, ct);
        await FileLife.ShowAsync(page, ledger, file, ct);
        await TreeThenAndNow.ShowAsync(page, ledger, import, ct);
        await ShowFactAsync(ledger, file, ct);
        await ConflictAndAnswer.ShowAsync(page, ledger, ct);
        var throughput = await Throughput.MeasureAsync(ledger, clock, ct);
        ShowThroughput(import, throughput);
        ShowWhatNext(repository, file, import);
        return throughput;
    }

    async Task ShowImportAsync(DemoImport import, GitRepository source, CancellationToken ct)
    {
        page.Line("Factstone keeps facts: what happened, and when, for ever.");
        page.Heading("1 · A git history as facts");
        page.Line($"{Counted.Text(import.Commits, "commit")} became {Counted.Text(import.Facts, "fact")} in {import.Duration.TotalSeconds:0.00} s, one atomic append a commit.");
        if (!import.IsWhole) page.Line($"(That is as far as a demo goes{(await source.CountCommitsAsync(ct) is { } all ? $", of {long.Parse(all, System.Globalization.CultureInfo.InvariantCulture):N0} commits" : "")}; 'import git' takes them all.)");
        if (source.IsShallow) page.Line("(A shallow clone: its first commit here seems to add every file.)");
    }

    async Task ShowFactAsync(Ledger ledger, StreamName file, CancellationToken ct)
    {
        page.Heading("4 · One fact, with all its fields");
        page.Line("Two times: when it held in the world, and when the ledger came to know it.");
        page.Space();
        Fact? last = null;
        await foreach (var fact in ledger.ReadStreamAsync(file, new StreamReadOptions { Backward = true, Limit = 1 }, ct)) last = fact;
        if (last is null) return;
        foreach (var line in FactText.Fields(last)) WriteWrapped(line);
        WriteWrapped(FactText.Field("leaf", $"{Convert.ToHexStringLower(last.Leaf())}"));
    }

    /// <summary>A long field is wrapped, so that one fact is shown in full.</summary>
    void WriteWrapped(string line)
    {
        const int Room = DemoPage.Columns - 2;
        const int Under = 14;
        page.Line(line[..Math.Min(line.Length, Room)]);
        for (var at = Room; at < line.Length; at += Room - Under) page.Line(new string(' ', Under) + line[at..Math.Min(line.Length, at + Room - Under)]);
    }

    void ShowThroughput(DemoImport import, Throughput throughput)
    {
        page.Heading("6 · Measured just now, on this machine's disk");
        page.Line($"the import            {import.FactsPerSecond,11:N0} facts a second ({import.Commits / Math.Max(import.Duration.TotalSeconds, 0.001):N0} commits), git included");
        page.Line($"many in flight        {throughput.FactsPerSecond,11:N0} appends a second ({throughput.Facts:N0} single facts)");
        page.Line($"one at a time         {throughput.AloneMilliseconds,11:0.000} ms each, the median");
        page.Line("Each was durable on the disk before it was acknowledged.");
    }

    void ShowWhatNext(string repository, StreamName file, DemoImport import)
    {
        page.Heading("Try it (the demo has removed its own ledger)");
        page.Command($"factstone import git {Shell(repository)}");
        page.Command($"factstone history {Shell(file.ToString())}");
        page.Command($"factstone list files --as-of @{Math.Max(1, TreeThenAndNow.Middle(import).Value)}");
        page.Command("""factstone append orders/42 placed '{"total":50}' --expect none""");
        page.Command("factstone facts --backward --limit 5 --json");
        page.Space();
    }

    /// <summary>The file with the most versions among the existing ones; if there is none, the first file ever.</summary>
    static async Task<StreamName> MostChangedFileAsync(Ledger ledger, CancellationToken ct)
    {
        Fact? most = null;
        await foreach (var file in ledger.ListAsync("files", cancellationToken: ct))
            if (most is null || file.StreamVersion > most.StreamVersion) most = file;
        if (most is not null) return most.Stream;
        await foreach (var first in ledger.ReadAsync(new ReadOptions { Limit = 1 }, ct)) return first.Stream;
        throw new InvalidOperationException("The demo has imported nothing.");
    }

    static string Shell(string word) => word.All(unit => char.IsAsciiLetterOrDigit(unit) || "/._-+~:@".Contains(unit, StringComparison.Ordinal)) ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
