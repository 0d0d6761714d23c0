using Factstone.Cli.Output;

namespace Factstone.Cli.Demo;

/// <summary>The directory tree at two positions, side by side.</summary>
internal static class TreeThenAndNow
{
    const int RowsMax = 8;
    const int NameColumns = 20;
    const int BarColumns = 16;
    const string TopLevel = "(top level)";

    public static async Task ShowAsync(DemoPage page, Ledger ledger, DemoImport import, CancellationToken ct)
    {
        var (then, now) = (Middle(import), new Position(import.Facts));
        var counts = new SortedDictionary<string, (long Then, long Now)>(StringComparer.Ordinal);
        await CountAsync(ledger, then, isThen: true, counts, ct);
        await CountAsync(ledger, now, isThen: false, counts, ct);

        page.Heading("3 · The whole tree, then and now");
        page.Line("Any past position is one question away:");
        page.Space();
        page.Dim(Row("", Label(then, import), Label(now, import)));
        var largest = counts.Count == 0 ? 1 : counts.Values.Max(count => Math.Max(count.Then, count.Now));
        var rows = counts.OrderByDescending(row => row.Value.Now).ThenByDescending(row => row.Value.Then).ToList();
        foreach (var (name, (before, after)) in rows.Take(RowsMax)) page.Line(Row(TextFit.Fit(name, NameColumns), Cell(before, largest), Cell(after, largest)));
        if (rows.Count > RowsMax) page.Dim(Row($"{rows.Count - RowsMax:N0} more", $"{rows.Skip(RowsMax).Sum(row => row.Value.Then):N0}", $"{rows.Skip(RowsMax).Sum(row => row.Value.Now):N0}"));
        page.Line(Row("all files", $"{counts.Values.Sum(count => count.Then):N0}", $"{counts.Values.Sum(count => count.Now):N0}"));
    }

    /// <summary>The end of the commit in the middle of the history; position 0 if there is only one commit.</summary>
    public static Position Middle(DemoImport import) => import.Ends.Count < 2 ? Position.None : import.Ends[(import.Ends.Count - 1) / 2].Last;

    static async Task CountAsync(Ledger ledger, Position at, bool isThen, SortedDictionary<string, (long Then, long Now)> counts, CancellationToken ct)
    {
        await foreach (var file in ledger.ListAsync("files", new ListOptions { AsOf = at }, ct))
        {
            var slash = file.Stream.Key.IndexOf('/', StringComparison.Ordinal);
            var directory = slash < 0 ? TopLevel : file.Stream.Key[..(slash + 1)];
            var (before, after) = counts.GetValueOrDefault(directory);
            counts[directory] = isThen ? (before + 1, after) : (before, after + 1);
        }
    }

    static string Label(Position at, DemoImport import)
    {
        if (at == Position.None) return "@0, before anything";
        var commit = import.Ends.First(end => end.Last >= at);
        return commit.AuthoredAt is { } time ? $"@{at} ({TimeText.Day(time)})" : $"@{at}";
    }

    static string Cell(long count, long largest) => count == 0 ? "-" : $"{DemoPage.Bar(count, largest, BarColumns)} {count:N0}";

    static string Row(string name, string then, string now) => $"{name,-NameColumns}  {then,-25}  {now}".TrimEnd();
}
