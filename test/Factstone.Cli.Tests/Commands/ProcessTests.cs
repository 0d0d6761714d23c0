using System.Text.Json;

namespace Factstone.Cli.Tests;

/// <summary>The real process, with the system's streams, signals and exit codes.</summary>
public sealed class ProcessTests : IDisposable
{
    readonly TempDirectory _directory = new();

    string Data => _directory.At("ledger");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Each_exit_code_is_what_the_shell_sees()
    {
        (await CliProcess.RunAsync("read", "o/1", "--data", Data)).Fails(ExitCodes.Failed, "There is no ledger");
        (await CliProcess.RunAsync("append", "o/1", "t", """{"é":"🎈"}""", "--data", Data)).Ends(ExitCodes.Done);
        Assert.Contains("""{"é":"🎈"}""", (await CliProcess.RunAsync("facts", "--json", "--data", Data)).Ends(ExitCodes.Done).Output, StringComparison.Ordinal);
        (await CliProcess.RunAsync("append", "o", "t", "1", "--data", Data)).Fails(ExitCodes.Refused, "STORE/KEY");
        (await CliProcess.RunAsync("append", "o/1", "t", "1", "--expect", "none", "--data", Data)).Ends(ExitCodes.Conflict);
        (await CliProcess.RunAsync("read", "o/2", "--data", Data)).Fails(ExitCodes.NotFound, "o/2");

        var segment = Assert.Single(Directory.GetFiles(System.IO.Path.Combine(Data, "segments"), "*.log"));
        var bytes = File.ReadAllBytes(segment);
        bytes[bytes.AsSpan().IndexOf("🎈"u8)] ^= 1;
        File.WriteAllBytes(segment, bytes);
        (await CliProcess.RunAsync("read", "o/1", "--data", Data)).Fails(ExitCodes.Damaged, "factstone verify");
        (await CliProcess.RunAsync("verify", "--data", Data)).Fails(ExitCodes.Damaged, "damaged in 1 place");
    }

    [Fact]
    public async Task An_interrupt_ends_an_import_cleanly()
    {
        foreach (var signal in new[] { "INT", "TERM" })
        {
            var data = _directory.At(signal);
            await using var process = CliProcess.Start(["import", "jsonl", "-", "--store", "s", "--key", "id", "--data", data, "--json"]);
            await process.Input.WriteAsync("{\"id\":\"1\"}\n");
            await process.Input.FlushAsync(TestContext.Current.CancellationToken);
            Assert.Contains("committed", await process.ReadLineAsync(), StringComparison.Ordinal);

            await using (var kill = CliProcess.Start("kill", [$"-{signal}", $"{process.Id}"])) (await kill.EndAsync()).Ends(0);
            var answer = (await process.EndAsync()).Ends(ExitCodes.Failed);
            Assert.Equal("cancelled", answer.ErrorJson.GetProperty("error").GetString());
            // The ledger was closed cleanly, so the next open has nothing to recover.
            Assert.Contains("\"closedCleanly\":true", (await CliProcess.RunAsync("verify", "--json", "--data", data)).Ends(ExitCodes.Done).Output, StringComparison.Ordinal);
        }
    }

    // The follow runs while a writer appends. Without a terminal, it reports once that it waits. An interrupt ends it without an error.
    [Fact]
    public async Task A_follow_shows_what_a_writer_adds_until_it_is_interrupted()
    {
        foreach (var signal in new[] { "INT", "TERM" })
        {
            var data = _directory.At(signal);
            await using var writer = CliProcess.Start(["import", "jsonl", "-", "--store", "s", "--key", "id", "--data", data, "--json"]);
            await AppendAsync(1);
            await using var follow = CliProcess.Start(["follow", "store=s", "--json", "--data", data]);
            for (var id = 1; id <= 3; id++)
            {
                if (id > 1) await AppendAsync(id);
                Assert.Contains($"\"key\":\"{id}\"", await follow.ReadLineAsync(), StringComparison.Ordinal);
            }

            await using (var kill = CliProcess.Start("kill", [$"-{signal}", $"{follow.Id}"])) (await kill.EndAsync()).Ends(0);
            var answer = (await follow.EndAsync()).Ends(ExitCodes.Done);
            Assert.Empty(answer.Lines);
            var notices = answer.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("notice").GetString()!).ToList();
            Assert.Equal(2, notices.Count);
            Assert.Equal("waiting for facts after @1 …", notices[0]);
            Assert.Matches("^continue with: follow --after [0-9a-f-]{36}/1@3[.][0-9a-f]{8}$", notices[1]);
            writer.Input.Close();
            (await writer.EndAsync()).Ends(ExitCodes.Done);

            async Task AppendAsync(int id)
            {
                await writer.Input.WriteAsync($"{{\"id\":\"{id}\"}}\n");
                await writer.Input.FlushAsync(TestContext.Current.CancellationToken);
                Assert.Contains("committed", await writer.ReadLineAsync(), StringComparison.Ordinal);
            }
        }
    }

    // The runtime would replace bytes that are not UTF-8 by U+FFFD, and the command would store something else than was typed.
    [Fact]
    public async Task An_argument_that_is_not_UTF8_is_refused()
    {
        await using var shell = CliProcess.Start("sh", ["-c", "exec dotnet \"$0\" write \"$(printf 's/\\377')\" 1 --data \"$1\"", System.IO.Path.Combine(AppContext.BaseDirectory, "factstone-cli.dll"), Data]);
        (await shell.EndAsync()).Fails(ExitCodes.Refused, "not valid UTF-8");
        Assert.False(Directory.Exists(Data));
    }

    // 'factstone facts | head' ends without an error when head has read enough.
    [Fact]
    public async Task A_reader_that_stops_listening_ends_the_command()
    {
        var lines = _directory.Write("lines", string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{{\"id\":\"{i}\",\"b\":{i / 1_000}}}\n")));
        (await CliProcess.RunAsync("import", "jsonl", lines, "--store", "s", "--key", "id", "--batch-by", "b", "--data", Data)).Ends(ExitCodes.Done);
        await using var shell = CliProcess.Start("bash", ["-c", "dotnet \"$0\" facts --json --data \"$1\" | head -n 1 | wc -l; echo ${PIPESTATUS[0]}", System.IO.Path.Combine(AppContext.BaseDirectory, "factstone-cli.dll"), Data]);
        var answer = await shell.EndAsync();
        Assert.Equal(["1", "0"], answer.Lines);
        Assert.Equal("", answer.Error);
    }

    [Fact]
    public async Task The_demo_fits_80_columns_and_leaves_nothing_behind()
    {
        var temporary = Directory.CreateDirectory(_directory.At("tmp")).FullName;
        var number = 0;
        foreach (var history in new[] { History.OfEverything(), new History().Commit("a@example.org", "M 100644 inline only.txt", "x\n"), History.OfManyCommits(200) })
        {
            var repository = Git.Build(_directory, $"r{++number}", history.ToString());
            await using var process = CliProcess.Start(["demo", repository], new Dictionary<string, string> { ["TMPDIR"] = temporary });
            process.Input.Close();
            var demo = (await process.EndAsync()).Ends(ExitCodes.Done);
            Assert.Equal("", demo.Error);
            Assert.All(demo.Output.Split('\n'), line => Assert.True(line.Length <= 80, line));
            Assert.DoesNotContain('\u001b', demo.Output);
            foreach (var part in new[] { "The life of one file", "then and now", "One fact, with all its fields", "→ conflict: it is at v2", "appends a second", $"factstone import git {repository}" })
                Assert.Contains(part, demo.Output, StringComparison.Ordinal);
        }
        Assert.DoesNotContain(Directory.GetFileSystemEntries(temporary), path => System.IO.Path.GetFileName(path).StartsWith("factstone-demo-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_demo_without_a_history_says_what_to_do()
    {
        (await CliProcess.RunAsync("demo", _directory.Path)).Fails(ExitCodes.Failed, "is not a git repository");
        (await CliProcess.RunAsync("demo", Git.Build(_directory, "empty", ""))).Fails(ExitCodes.Failed, "factstone demo PATH");
    }
}
