using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Factstone.Cli.Tests;

public sealed class JsonLinesImportTests : IDisposable
{
    readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    // The history of a real repository, with the digests of its trees, is beside some checkouts. It is not part of this repository.
    // "Nothing was written", said of one append, seemed to be about the whole import.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_import_that_fills_the_disk_says_what_is_in_the_ledger_and_how_to_go_on(bool hasAppendIds)
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess) Assert.Skip("needs to mount a file system");
        const int Facts = 60_000;
        var disk = Directory.CreateDirectory(_directory.At("disk")).FullName;
        await MountAsync("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk);
        try
        {
            var cli = new Cli(_directory, "disk/ledger");
            string[] import = ["import", "jsonl", _directory.Write("facts.jsonl", string.Concat(Enumerable.Range(0, Facts).Select(static i => $"{{\"key\":\"k{i % 1_000}\",\"number\":{i}}}\n"))), "--store", "s", "--key", "key", .. hasAppendIds ? (string[])["--append-id", "number"] : []];
            var full = (await cli.RunAsync(import)).Ends(ExitCodes.Failed);
            var next = hasAppendIds ? @"The same import goes on after them\." : @"Their lines have no append ids \(--append-id\), so the same import would append them again: import the lines after them\.";
            Assert.Matches(@$"^note: [\d,]+ batches are in the ledger, up to @\d+\. {next}\nerror: No space left", full.Error);
            if (!hasAppendIds) return;

            await MountAsync("mount", "-o", "remount,size=100m", disk);
            Assert.Matches(@"[1-9][\d,]* known before", (await cli.RunAsync(import)).Ends(ExitCodes.Done).Output);
            Assert.Equal(Facts, Assert.Single((await cli.RunAsync("facts", "--backward", "--limit", "1", "--json")).Ends(ExitCodes.Done).Json).GetProperty("position").GetInt64());
        }
        finally
        {
            await MountAsync("umount", "--lazy", disk); // a segment may still be mapped
        }

        static async Task MountAsync(string program, params string[] arguments)
        {
            using var process = System.Diagnostics.Process.Start(program, arguments);
            await process.WaitForExitAsync();
            Assert.Equal(0, process.ExitCode);
        }
    }

    [Fact]
    public async Task The_history_beside_the_checkout_has_the_trees_whose_digests_stand_beside_it()
    {
        var data = System.IO.Path.GetFullPath(System.IO.Path.Combine(Repository.Root, "..", "shared", "data"));
        var history = System.IO.Path.Combine(data, "bbolt-history.jsonl.gz");
        if (!File.Exists(history)) Assert.Skip($"Not run: there is no {history}. The same claim on this repository's own history is run always.");

        var cli = new Cli(_directory);
        string[] arguments = ["import", "jsonl", history, "--store", "files", "--key", "path", "--type", "op", "--value", "commit,mode,blob,author", "--valid-from", "at", "--batch-by", "commit", "--append-id", "commit", "--append-id-prefix", "git:", "--retract", "op=deleted", "--json"];
        var receipts = (await cli.RunAsync(arguments)).Ends(ExitCodes.Done).Json;
        var last = receipts.ToDictionary(receipt => receipt.GetProperty("appendId").GetString()!, receipt => receipt.GetProperty("last").GetInt64());

        using var trees = JsonDocument.Parse(File.ReadAllText(System.IO.Path.Combine(data, "bbolt-trees.json")));
        foreach (var tree in trees.RootElement.EnumerateObject())
        {
            var position = last[$"git:{tree.Value.GetProperty("commit").GetString()}"];
            var files = (await cli.RunAsync("list", "files", "--as-of", $"@{position}", "--json")).Ends(ExitCodes.Done).Json;
            Assert.Equal(tree.Value.GetProperty("files").GetInt32(), files.Count);
            var lines = files.Select(file => Encoding.UTF8.GetBytes($"{Value(file, "mode")} {Value(file, "blob")} {file.GetProperty("key").GetString()}\n")).ToList();
            lines.Sort((a, b) => a.AsSpan().SequenceCompareTo(b));
            Assert.Equal(tree.Value.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData([.. lines.SelectMany(line => line)])));
        }

        var again = (await cli.RunAsync(arguments)).Ends(ExitCodes.Done).Json;
        Assert.All(again, receipt => Assert.Equal("duplicate", receipt.GetProperty("outcome").GetString()));
    }

    [Fact]
    public async Task Each_line_is_a_fact_with_the_whole_line_as_its_value()
    {
        var cli = new Cli(_directory);
        (await ImportAsync(cli, """
            {"id":7,"kind":"opened","note":"é 🎈","big":12345678901234567890}

            {"id":"x/y","kind":"closed"}
            """, "--key", "id", "--type", "kind")).Ends(ExitCodes.Done);

        var facts = (await cli.RunAsync("facts", "--json")).Json;
        Assert.Equal(["7", "x/y"], facts.Select(fact => fact.GetProperty("key").GetString()));
        Assert.Equal(["opened", "closed"], facts.Select(fact => fact.GetProperty("type").GetString()));
        Assert.Equal("""{"id":7,"kind":"opened","note":"é 🎈","big":12345678901234567890}""", facts[0].GetProperty("value").GetRawText());
    }

    [Fact]
    public async Task A_value_of_some_fields_keeps_each_as_it_is_written()
    {
        var cli = new Cli(_directory);
        (await ImportAsync(cli, """{"b": [1.50, {"x":1e2}], "id":"k", "a":"\u0041", "n":null}""", "--key", "id", "--value", "a,b,missing,n")).Ends(ExitCodes.Done);
        Assert.Equal("""{"a":"\u0041","b":[1.50, {"x":1e2}],"n":null}""", (await cli.RunAsync("read", "s/k", "--json")).Json[0].GetProperty("value").GetRawText());
    }

    [Theory]
    [InlineData("s", "1387563974", "2013-12-20T18:26:14.000000Z")]
    [InlineData("s", "1387563974.25", "2013-12-20T18:26:14.250000Z")]
    [InlineData("ms", "1387563974001", "2013-12-20T18:26:14.001000Z")]
    [InlineData("us", "-1", "1969-12-31T23:59:59.999999Z")]
    [InlineData("s", "\"2013-12-20T19:26:14+01:00\"", "2013-12-20T18:26:14.000000Z")]
    [InlineData("s", "\"2013-12-20\"", "2013-12-20T00:00:00.000000Z")]
    public async Task A_time_is_a_number_in_its_unit_or_text(string unit, string time, string validFrom)
    {
        var cli = new Cli(_directory);
        (await ImportAsync(cli, $$"""{"id":"k","at":{{time}}}""", "--key", "id", "--valid-from", "at", "--time-unit", unit)).Ends(ExitCodes.Done);
        Assert.Equal(validFrom, (await cli.RunAsync("read", "s/k", "--json")).Json[0].GetProperty("validFrom").GetString());
    }

    [Fact]
    public async Task Consecutive_lines_of_one_value_are_one_append()
    {
        var cli = new Cli(_directory);
        var import = (await ImportAsync(cli, """
            {"id":"a","c":"1"}
            {"id":"b","c":"1"}
            {"id":"a","c":"2","gone":true}
            {"id":"a","c":"1b"}
            """, "--key", "id", "--batch-by", "c", "--append-id", "c", "--append-id-prefix", "t:", "--retract", "gone=true", "--tag", "c")).Ends(ExitCodes.Done);

        Assert.Equal(["t:1", "t:2", "t:1b"], import.Json.Select(receipt => receipt.GetProperty("appendId").GetString()));
        Assert.Equal([2L, 3L, 4L], import.Json.Select(receipt => receipt.GetProperty("last").GetInt64()));
        var facts = (await cli.RunAsync("facts", "--json")).Json;
        Assert.True(facts[2].GetProperty("retracts").GetBoolean());
        Assert.Equal("2", facts[2].GetProperty("tags")[0].GetString());
        Assert.False(facts[2].TryGetProperty("type", out _));
    }

    // The source has corrected a line since the first import.
    [Fact]
    public async Task A_second_import_whose_lines_have_changed_is_refused_unless_the_id_alone_decides()
    {
        var cli = new Cli(_directory);
        string[] fields = ["--key", "id", "--append-id", "id"];
        (await ImportAsync(cli, """{"id":"a","n":1}""", fields)).Ends(ExitCodes.Done);
        (await ImportAsync(cli, """{ "n":1, "id":"a" }""", fields)).Ends(ExitCodes.Done);

        Assert.Equal("facts[0].payload", (await ImportAsync(cli, """{"id":"a","n":2}""", fields)).Ends(ExitCodes.Conflict).ErrorJson.GetProperty("difference").GetString());
        var import = (await ImportAsync(cli, """
            {"id":"a","n":2}
            {"id":"b","n":3}
            """, [.. fields, "--on-repeat", "same-id"])).Ends(ExitCodes.Done);

        Assert.Equal(["duplicate", "committed"], import.Json.Select(receipt => receipt.GetProperty("outcome").GetString()));
        Assert.Equal("facts[0].payload", import.Json[0].GetProperty("difference").GetString());
        Assert.Contains("1 known before (1 of them with other content)", import.Error, StringComparison.Ordinal);
        (await ImportAsync(cli, """{"id":"a"}""", "--key", "id", "--on-repeat", "same-id")).Ends(ExitCodes.Refused);
    }

    [Fact]
    public async Task A_compressed_file_is_recognised_by_its_content_and_a_cut_one_is_refused()
    {
        var cli = new Cli(_directory);
        var packed = Packed(string.Concat(Enumerable.Range(0, 5_000).Select(i => $$"""{"id":"{{Guid.NewGuid()}}","n":{{i}}}""" + "\n")));
        (await cli.RunAsync("import", "jsonl", _directory.Write("packed", packed), "--store", "s", "--key", "id")).Ends(ExitCodes.Done);
        var cut = await CliProcess.RunAsync("import", "jsonl", _directory.Write("cut.gz", packed[..^2_000]), "--store", "s", "--key", "id", "--data", _directory.At("cut"));
        Assert.Contains("damaged or incomplete", cut.Ends(ExitCodes.Failed).Error, StringComparison.Ordinal);
    }

    // The facts before the bad line are in the ledger, and the message says so and names the line.
    [Theory]
    [InlineData("{\"id\":\"b\",", "Line 2 is not JSON")]
    [InlineData("[1]", "Line 2 is not a JSON object")]
    [InlineData("{\"key\":\"b\"}", "Line 2 has no field 'id'")]
    [InlineData("{\"id\":{}}", "Line 2 has no text in 'id', but an object")]
    [InlineData("{\"id\":\"\\ud800\"}", "Line 2 has a text in 'id' that is not valid UTF-8, or half of a surrogate pair")]
    [InlineData("{\"id\":\"b\",\"id\":\"c\"}", "Line 2 is not JSON")]
    [InlineData("{\"id\":\"b\",\"x\":\"\\udc00\"}", "Line 2: ")]
    [InlineData("{\"id\":\"b\\u0007\"}", "control character")]
    [InlineData("\uFEFF{\"id\":\"b\"}", "Line 2 begins with a byte order mark")]
    public async Task A_bad_line_is_refused_by_its_number(string line, string saying)
    {
        var cli = new Cli(_directory);
        var import = await cli.RunAsync("import", "jsonl", _directory.Write("lines", $"{{\"id\":\"a\"}}\n{line}\n{{\"id\":\"c\"}}\n"), "--store", "s", "--key", "id");
        Assert.Equal(ExitCodes.Refused, import.ExitCode);
        Assert.Contains(saying, import.Error, StringComparison.Ordinal);
        Assert.Contains("up to @1", import.Error, StringComparison.Ordinal);
        Assert.Equal("a", Assert.Single((await cli.RunAsync("facts", "--json")).Json).GetProperty("key").GetString());
    }

    [Theory]
    [InlineData("99999999999999", "years 1 to 9999")]
    [InlineData("1e40", "has no time in 'at'")]
    [InlineData("\"yesterday\"", "is not RFC 3339")]
    [InlineData("true", "has no time in 'at'")]
    public async Task A_time_that_no_calendar_has_is_refused_and_no_ledger_is_made(string time, string saying)
    {
        var cli = new Cli(_directory);
        var import = await ImportAsync(cli, $$"""{"id":"k","at":{{time}}}""", "--key", "id", "--valid-from", "at");
        Assert.Contains(saying, import.Ends(ExitCodes.Refused).ErrorJson.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(cli.Ledger));
    }

    [Fact]
    public async Task A_batch_larger_than_an_append_is_refused()
    {
        var lines = string.Concat(Enumerable.Range(0, 10_001).Select(i => $$"""{"id":"{{i}}","c":1}""" + "\n"));
        (await new Cli(_directory).RunAsync("import", "jsonl", _directory.Write("lines", lines), "--store", "s", "--key", "id", "--batch-by", "c")).Fails(ExitCodes.Refused, "larger than one append");
    }

    // A program that imports line by line waits for each receipt before it sends the next line.
    [Fact]
    public async Task A_receipt_is_printed_as_soon_as_the_batch_is_durable()
    {
        var cli = new Cli(_directory);
        await using var process = CliProcess.Start(["import", "jsonl", "-", "--store", "s", "--key", "id", "--data", cli.Ledger, "--json"]);
        for (var i = 1; i <= 3; i++)
        {
            await process.Input.WriteAsync($$"""{"id":"{{i}}"}""" + "\n");
            await process.Input.FlushAsync(TestContext.Current.CancellationToken);
            var receipt = JsonDocument.Parse((await process.ReadLineAsync())!).RootElement;
            Assert.Equal(i, receipt.GetProperty("last").GetInt64());
            Assert.Equal(i, (await cli.RunAsync("facts", "--json")).Json.Count);
        }
        process.Input.Close();
        (await process.EndAsync()).Ends(ExitCodes.Done);
    }

    Task<CliAnswer> ImportAsync(Cli cli, string lines, params string[] arguments) =>
        cli.RunAsync(["import", "jsonl", _directory.Write("lines.jsonl", lines), "--store", "s", "--json", .. arguments]);

    static byte[] Packed(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }

    static string? Value(JsonElement fact, string field) => fact.GetProperty("value").GetProperty(field).GetString();
}
