using System.Text;

namespace Factstone.Cli.Tests;

/// <summary>Each invalid input is refused with one line and the right exit code, and the ledger does not change.</summary>
public sealed class BadInputTests : IDisposable
{
    readonly TempDirectory _directory = new();
    readonly Cli _cli;

    public BadInputTests() => _cli = new Cli(_directory);

    public void Dispose() => _directory.Dispose();

    public static TheoryData<string, string, string> Payloads => new()
    {
        { "more than 4 MiB", "\"" + new string('x', 5 * 1_024 * 1_024) + "\"", "4,194,304" },
        { "not JSON", "{total:50}", "not JSON" },
        { "a text without its quotes", "dark", "double quotes" },
        { "not a number", "NaN", "not JSON" },
        { "two values", "1 2", "not JSON" },
        { "nothing", "", "empty" },
        { "a name twice", """{"a":1,"a":2}""", "in its object already" },
        { "half of a pair", "\"\\ud800\"", "surrogate" },
        { "a byte order mark", "\uFEFF1", "byte order mark" },
        { "10,000 deep", new string('[', 10_000) + new string(']', 10_000), "128" },
    };

    [Theory]
    [MemberData(nameof(Payloads), DisableDiscoveryEnumeration = true)]
    public async Task A_payload_that_the_ledger_does_not_take(string what, string payload, string saying)
    {
        var file = _directory.Write("payload", new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetBytes(payload));
        await IsRefusedAsync(what, saying, "append", "s/k", "t", $"@{file}");
    }

    [Fact]
    public async Task A_payload_that_is_not_UTF8()
    {
        var file = _directory.Write("payload", [(byte)'"', 0xFF, (byte)'"']);
        await IsRefusedAsync("not UTF-8", "not UTF-8", "append", "s/k", "t", $"@{file}");
    }

    public static TheoryData<string, string[]> Words => new()
    {
        { "4,194,304", ["append", "s/k", "t", "\"" + new string('x', 100_000) + "\"", "--tag", "a", "--tag", "a"] },
        { "65 tags", ["append", "s/k", "t", "1", .. Enumerable.Range(0, 65).SelectMany(i => (string[])["--tag", $"t{i}"])] },
        { "257 bytes", ["append", "s/k", new string('t', 257), "1"] },
        { "empty", ["append", "s/k", "", "1"] },
        { "2,000 bytes", ["append", "s/" + new string('k', 2_000), "t", "1"] },
        { "129 bytes", ["append", new string('s', 129) + "/k", "t", "1"] },
        { "control character", ["append", "s/a\nb", "t", "1"] },
        { "control character", ["append", "s/k", "t\u0085", "1"] },
        { "'..'", ["append", "../etc", "t", "1"] },
        { "'.'", ["append", "./k", "t", "1"] },
        { "belong to Factstone", ["append", "$receipts/k", "t", "1"] },
        { "version -1", ["append", "s/k", "t", "1", "--expect", "-1"] },
        { "not a time", ["append", "s/k", "t", "1", "--valid-from", "10000-01-01"] },
        { "not a time", ["append", "s/k", "t", "1", "--valid-from", "0001-01-01T00:00:00+01:00"] },
        { "earlier than", ["append", "s/k", "t", "1", "--valid-from", "2026-01-02", "--valid-to", "2026-01-01"] },
        { "JSON object", ["append", "s/k", "t", "1", "--metadata", "[]"] },
        { "string", ["append", "s/k", "t", "1", "--metadata", """{"a":1}"""] },
        { "129 bytes", ["append", "s/k", "t", "1", "--correlation", new string('c', 129)] },
        { "129 bytes", ["append", "s/k", "t", "1", "--id", new string('i', 129)] },
        { "--unless-match: The query is wrong at index 0", ["append", "s/k", "t", "1", "--unless-match", "colour=red"] },
        { "it is empty", ["append", "s/k", "t", "1", "--unless-match", ""] },
        { "1,000 items", ["append", "s/k", "t", "1", "--unless-match", string.Join(" | ", Enumerable.Range(0, 10_000).Select(i => $"tag=t{i}"))] },
        { "are not closed", ["append", "s/k", "t", "1", "--unless-match", "tag=\"a"] },
        { "--after needs --unless-match", ["append", "s/k", "t", "1", "--after", "@1"] },
        { "not a position", ["append", "s/k", "t", "1", "--unless-match", "tag=a", "--after", "1"] },
        { "is too high", ["append", "s/k", "t", "1", "--unless-match", "tag=a", "--after", "@99"] },
        { "10,100", ["append", "s/k", "t", "1", .. Enumerable.Range(0, 101).SelectMany(n => (string[])["--unless-match", $"type={string.Join(',', Enumerable.Range(0, 100).Select(i => $"t{i}"))}"])] },
        { "'/'", ["list", "a/b"] },
    };

    [Theory]
    [MemberData(nameof(Words), DisableDiscoveryEnumeration = true)]
    public async Task Words_that_the_ledger_does_not_take(string saying, string[] arguments) =>
        await IsRefusedAsync(saying, saying == "4,194,304" ? "twice" : saying, arguments);

    [Fact]
    public async Task A_directory_that_is_a_file()
    {
        var file = new Cli(_directory, "file");
        File.WriteAllText(file.Ledger, "not a ledger");
        (await file.RunAsync("write", "s/k", "1")).Ends(ExitCodes.Failed);
        (await file.RunAsync("read", "s/k")).Fails(ExitCodes.Failed, "it is a file");
        Assert.Equal("not a ledger", await File.ReadAllTextAsync(file.Ledger, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_directory_that_cannot_be_made()
    {
        (await Cli.RunPlainAsync([], _ => null, ["write", "s/k", "1", "--data", "/proc/factstone"])).Fails(ExitCodes.Failed, "/proc/factstone");
        Assert.False(Directory.Exists("/proc/factstone"));
    }

    [Fact]
    public async Task A_ledger_of_a_newer_format()
    {
        (await _cli.RunAsync("write", "s/k", "1")).Ends(ExitCodes.Done);
        var manifest = new Storage.LedgerLayout(_cli.Ledger).Manifest;
        var bytes = File.ReadAllBytes(manifest);
        bytes[sizeof(ulong)]++;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - sizeof(uint)), Storage.Crc32C.Of(bytes.AsSpan(0, bytes.Length - sizeof(uint))));
        File.WriteAllBytes(manifest, bytes);

        foreach (var command in new string[][] { ["read", "s/k"], ["write", "s/k", "2"] })
            Assert.Equal("newer-format", (await _cli.RunAsync([.. command, "--json"])).Ends(ExitCodes.Failed).ErrorJson.GetProperty("error").GetString());
        Assert.Equal(bytes, File.ReadAllBytes(manifest));
    }

    [Fact]
    public async Task A_ledger_that_another_writer_has()
    {
        await using var ledger = await Ledger.OpenAsync(_cli.Ledger, cancellationToken: TestContext.Current.CancellationToken);
        await ledger.AppendAsync(new NewFact("s/k", "t", "1"), TestContext.Current.CancellationToken);
        Assert.Equal("locked", (await _cli.RunAsync("write", "s/k", "2", "--lock-wait", "0", "--json")).Ends(ExitCodes.Failed).ErrorJson.GetProperty("error").GetString());
        // While the writer runs, the whole ledger can be read.
        Assert.Single((await _cli.RunAsync("facts")).Ends(ExitCodes.Done).Lines);
    }

    [Fact]
    public async Task A_damaged_ledger_that_is_repaired()
    {
        (await _cli.RunAsync("repair")).Fails(ExitCodes.Failed, "There is no ledger");
        for (var i = 1; i <= 5; i++) (await _cli.RunAsync("write", "s/k", $"\"needle{i}\"")).Ends(ExitCodes.Done);
        Assert.Contains("nothing to repair", (await _cli.RunAsync("repair")).Ends(ExitCodes.Done).Output, StringComparison.Ordinal);

        // If a reader cannot open without the index, its message advises this command.
        var index = new Storage.LedgerLayout(_cli.Ledger).Index;
        Directory.Delete(index, recursive: true);
        (await _cli.RunAsync("repair", "--dry-run")).Ends(ExitCodes.Done);
        Assert.False(Directory.Exists(index));
        (await _cli.RunAsync("repair")).Ends(ExitCodes.Done);
        Assert.NotEmpty(Directory.GetFiles(index, "*.run"));
        var segment = Assert.Single(Directory.GetFiles(new Storage.LedgerLayout(_cli.Ledger).Segments, "*.log"));
        var bytes = File.ReadAllBytes(segment);
        bytes[bytes.AsSpan().IndexOf("needle3"u8)] ^= 1;
        File.WriteAllBytes(segment, bytes);

        var dry = (await _cli.RunAsync("repair", "--dry-run", "--json")).Ends(ExitCodes.Damaged);
        Assert.Equal("""[{"first":3,"last":3}]""", Assert.Single(dry.Json).GetProperty("lost").GetRawText());
        Assert.Equal("damaged", dry.ErrorJson.GetProperty("error").GetString());
        Assert.Equal(bytes, File.ReadAllBytes(segment));

        var repaired = (await _cli.RunAsync("repair")).Ends(ExitCodes.Done).Output;
        Assert.Contains("@3 s/k v3", repaired, StringComparison.Ordinal);
        Assert.Contains("epoch 2 after 1, unchanged up to @2", repaired, StringComparison.Ordinal);
        (await _cli.RunAsync("verify")).Ends(ExitCodes.Done);
        Assert.Equal([1L, 2L, 4L, 5L], (await _cli.RunAsync("facts", "--json")).Ends(ExitCodes.Done).Json.Select(fact => fact.GetProperty("position").GetInt64()));
        var receipt = Assert.Single((await _cli.RunAsync("history", "$receipts/repair", "--json")).Ends(ExitCodes.Done).Json);
        Assert.Equal(1, receipt.GetProperty("value").GetProperty("factsLost").GetInt64());
        Assert.Equal(6, receipt.GetProperty("position").GetInt64());
        (await _cli.RunAsync("write", "s/k", "6", "--expect", "5")).Ends(ExitCodes.Done);
        Assert.False(Assert.Single((await _cli.RunAsync("repair", "--json")).Ends(ExitCodes.Done).Json).TryGetProperty("receipt", out _));
        var written = Directory.GetFiles(new Storage.LedgerLayout(_cli.Ledger).Segments, "*.000002.log");
        Assert.Contains("@3..@3 lost", (await _cli.RunAsync("inspect", Assert.Single(written))).Ends(ExitCodes.Done).Output, StringComparison.Ordinal);
    }

    // Damage is reported on standard error and left out; everything else is shown.
    [Fact]
    public async Task A_damaged_ledger()
    {
        for (var i = 1; i <= 5; i++) (await _cli.RunAsync("write", $"s/{(i % 2 == 0 ? "even" : "odd")}", $"\"needle{i}\"")).Ends(ExitCodes.Done);
        var segment = Assert.Single(Directory.GetFiles(new Storage.LedgerLayout(_cli.Ledger).Segments, "*.log"));
        var bytes = File.ReadAllBytes(segment);
        var at = bytes.AsSpan().IndexOf("needle3"u8);
        bytes[at] ^= 1;
        File.WriteAllBytes(segment, bytes);

        var verify = (await _cli.RunAsync("verify", "--json")).Ends(ExitCodes.Damaged);
        var damage = Assert.Single(verify.Json).GetProperty("damage").EnumerateArray().Single();
        Assert.Equal(3, damage.GetProperty("first").GetInt64());
        Assert.Equal("damaged", verify.ErrorJson.GetProperty("error").GetString());

        foreach (var backward in new string[][] { [], ["--backward"] })
        {
            var facts = (await _cli.RunAsync(["facts", "--json", .. backward])).Ends(ExitCodes.Damaged);
            Assert.Equal([1L, 2L, 4L, 5L], facts.Json.Select(fact => fact.GetProperty("position").GetInt64()).Order());
            Assert.Equal("damaged", facts.ErrorJson.GetProperty("error").GetString());
        }
        var odd = (await _cli.RunAsync("history", "s/odd", "--json")).Ends(ExitCodes.Damaged);
        Assert.Equal([1L, 5L], odd.Json.Select(fact => fact.GetProperty("position").GetInt64()));
        var follow = (await _cli.RunAsync("follow", "--json")).Ends(ExitCodes.Damaged);
        Assert.Equal([1L, 2L], follow.Json.Select(fact => fact.GetProperty("position").GetInt64()));
        var told = follow.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("continue with: follow --after ", told[0], StringComparison.Ordinal);
        Assert.Contains("@2.", told[0], StringComparison.Ordinal);
        Assert.Contains("\"damaged\"", told[1], StringComparison.Ordinal);
        (await _cli.RunAsync("write", "s/new", "1")).Ends(ExitCodes.Damaged);
        Assert.Equal(bytes, File.ReadAllBytes(segment));
    }

    async Task IsRefusedAsync(string what, string saying, params string[] arguments)
    {
        // On a ledger that does not exist, which the command must not create.
        var nowhere = new Cli(_directory, "nowhere");
        if (arguments[0] != "list") (await nowhere.RunAsync(arguments)).Fails(ExitCodes.Refused, saying);
        Assert.False(Directory.Exists(nowhere.Ledger), what);

        (await _cli.RunAsync("write", "s/k", "1")).Ends(ExitCodes.Done);
        var before = (await _cli.RunAsync("facts", "--json")).Output;
        (await _cli.RunAsync(arguments)).Fails(ExitCodes.Refused, saying);
        Assert.Contains((await _cli.RunAsync([.. arguments, "--json"])).Ends(ExitCodes.Refused).ErrorJson.GetProperty("error").GetString(), (string[])["refused", "usage"]);
        Assert.Equal(before, (await _cli.RunAsync("facts", "--json")).Output);
    }
}
