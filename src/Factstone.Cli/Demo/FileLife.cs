using System.Text.Json;
using Factstone.Cli.Output;

namespace Factstone.Cli.Demo;

/// <summary>All versions of one file.</summary>
internal static class FileLife
{
    const int LinesMax = 8;
    const int LastLines = 5;

    public static async Task ShowAsync(DemoPage page, Ledger ledger, StreamName file, CancellationToken ct)
    {
        var versions = (await ledger.ReadLatestAsync(file, cancellationToken: ct))?.StreamVersion ?? StreamVersion.None;
        page.Heading("2 · The life of one file");
        page.Line($"{TextFit.FitEnd(file.Key, 48)}: {Counted.Text(versions.Value, "version")}, none overwritten.");
        page.Space();
        page.Dim("version  position  valid from   what       content   author");

        var skipped = false;
        await foreach (var fact in ledger.ReadStreamAsync(file, cancellationToken: ct))
        {
            var isShown = versions.Value <= LinesMax || fact.StreamVersion.Value <= LinesMax - LastLines || fact.StreamVersion.Value > versions.Value - LastLines;
            if (isShown) page.Line(Line(fact));
            else if (!skipped) page.Dim($"   …     {versions.Value - LinesMax:N0} more");
            skipped = !isShown;
        }
    }

    static string Line(Fact fact)
    {
        var day = fact.ValidFrom is { } from ? TimeText.Day(from) : "";
        var (blob, author) = BlobAndAuthor(fact);
        return $"{$"v{fact.StreamVersion}",-7}  {$"@{fact.Position}",-8}  {day,-10}   {fact.Type,-8}   {blob,-7}   {author}";
    }

    static (string Blob, string Author) BlobAndAuthor(Fact fact)
    {
        if (fact.Json is not { } json) return ("", "");
        using var value = JsonDocument.Parse(json);
        return (value.RootElement.GetProperty("blob").GetString()![..7], value.RootElement.GetProperty("author").GetString()!);
    }
}
