using System.Text;
using System.Text.Json;
using Factstone.Cli.Output;

namespace Factstone.Cli.Tests;

public sealed class CommandTests : IDisposable
{
    readonly TempDirectory _directory = new();
    readonly Cli _cli;

    public CommandTests() => _cli = new Cli(_directory);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task What_is_appended_is_read_with_everything_that_was_said_of_it()
    {
        var first = (await _cli.RunAsync("append", "orders/42", "placed", """{"total": 50}""", "--json")).Ends(ExitCodes.Done).Json[0];
        Assert.Equal("""{"orders/42":1}""", first.GetProperty("versions").GetRawText());
        var cause = (await _cli.RunAsync("read", "orders/42", "--json")).Json[0].GetProperty("id").GetString()!;

        (await _cli.RunAsync("append", "orders/42", "paid", "-5", "--tag", "b", "--tag", "a", "--valid-from", "2026-01-31", "--valid-to", "2026-02-01T00:00:00+01:00", "--cause", cause, "--correlation", "c1", "--metadata", """{"user":"u"}""")).Ends(ExitCodes.Done);
        var fact = (await _cli.RunAsync("read", "orders/42", "--json")).Ends(ExitCodes.Done).Json[0];

        Assert.Equal(
            ["store", "key", "version", "position", "id", "type", "tags", "recordedAt", "validFrom", "validTo", "cause", "correlation", "metadata", "value"],
            fact.EnumerateObject().Select(field => field.Name));
        Assert.Equal("""["a","b"]""", fact.GetProperty("tags").GetRawText());
        Assert.Equal("2026-01-31T23:00:00.000000Z", fact.GetProperty("validTo").GetString());
        Assert.Equal(cause, fact.GetProperty("cause").GetString());
        Assert.Equal("-5", fact.GetProperty("value").GetRawText());
    }

    [Fact]
    public async Task A_value_of_several_lines_is_shown_on_one()
    {
        (await _cli.RunWithInputAsync("{\n  \"a\": [1,\r\n 2]\n}\n"u8.ToArray(), "write", "s/k", "-")).Ends(ExitCodes.Done);
        var fact = Assert.Single((await _cli.RunAsync("facts", "--json")).Json);
        Assert.Equal(2, fact.GetProperty("value").GetProperty("a")[1].GetInt32());
        Assert.Single((await _cli.RunAsync("facts")).Lines);
    }

    [Fact]
    public async Task A_value_comes_from_the_line_from_a_file_or_from_standard_input()
    {
        (await _cli.RunAsync("write", "s/line", "1")).Ends(ExitCodes.Done);
        (await _cli.RunAsync("write", "s/file", $"@{_directory.Write("value.json", "2")}")).Ends(ExitCodes.Done);
        (await _cli.RunWithInputAsync("3"u8.ToArray(), "write", "s/input", "-")).Ends(ExitCodes.Done);
        Assert.Equal(["2", "3", "1"], (await _cli.RunAsync("list", "s", "--json")).Json.Select(fact => fact.GetProperty("value").GetRawText()));
        (await _cli.RunAsync("write", "s/file", "@/no/such/file")).Fails(ExitCodes.Failed, "cannot be read");
        (await _cli.RunAsync("write", "s/file", "-", "--metadata", "-")).Fails(ExitCodes.Refused, "one argument only");
    }

    [Fact]
    public async Task A_condition_that_does_not_hold_is_answered_with_the_facts_that_won()
    {
        (await _cli.RunAsync("append", "o/1", "a", "1", "--expect", "none")).Ends(ExitCodes.Done);
        (await _cli.RunAsync("append", "o/1", "b", "2", "--expect", "1")).Ends(ExitCodes.Done);
        (await _cli.RunAsync("append", "o/1", "b", "2", "--expect", "exists")).Ends(ExitCodes.Done);
        (await _cli.RunAsync("append", "o/2", "b", "2", "--expect", "exists")).Ends(ExitCodes.Conflict);

        var conflict = (await _cli.RunAsync("append", "o/1", "c", "3", "--expect", "1", "--json")).Ends(ExitCodes.Conflict);
        var answer = Assert.Single(conflict.Json);
        Assert.Equal(["outcome", "condition", "actualVersion", "facts", "complete"], answer.EnumerateObject().Select(field => field.Name));
        Assert.Equal(3, answer.GetProperty("actualVersion").GetInt64());
        Assert.Equal([2L, 3L], answer.GetProperty("facts").EnumerateArray().Select(fact => fact.GetProperty("version").GetInt64()));
        Assert.Equal("conflict", conflict.ErrorJson.GetProperty("error").GetString());

        var text = (await _cli.RunAsync("append", "o/1", "c", "3", "--expect", "none")).Ends(ExitCodes.Conflict);
        Assert.Equal(3, text.Lines.Length);
    }

    [Fact]
    public async Task What_a_query_finds_behind_a_position_keeps_an_append_from_happening()
    {
        (await _cli.RunAsync("append", "students/a", "enrolled", "1", "--tag", "course:c1", "--unless-match", "type=enrolled tag=course:c1")).Ends(ExitCodes.Done);
        (await _cli.RunAsync("append", "students/b", "enrolled", "1", "--tag", "course:c1", "--unless-match", "type=enrolled tag=course:c1", "--after", "@1")).Ends(ExitCodes.Done);
        (await _cli.RunAsync("append", "students/c", "noted", "1", "--unless-match", "store=students key=c", "--unless-match", "tag=course:c2 | tag=course:c3", "--after", "@2", "--expect", "none")).Ends(ExitCodes.Done);

        string[] late = ["append", "students/d", "enrolled", "1", "--unless-match", "tag=none", "--unless-match", "tag=course:c1", "--after", "@1"];
        var conflict = (await _cli.RunAsync([.. late, "--json"])).Ends(ExitCodes.Conflict);
        var answer = Assert.Single(conflict.Json);
        Assert.Equal(["outcome", "condition", "firstMatch", "facts", "complete"], answer.EnumerateObject().Select(field => field.Name));
        Assert.Equal("no fact after @1 matches tag=course:c1", answer.GetProperty("condition").GetString());
        Assert.Equal(2, answer.GetProperty("firstMatch").GetInt64());
        Assert.Equal("b", Assert.Single(answer.GetProperty("facts").EnumerateArray()).GetProperty("key").GetString());
        Assert.Equal(2, conflict.ErrorJson.GetProperty("firstMatch").GetInt64());
        (await _cli.RunAsync(late)).Fails(ExitCodes.Conflict, "the fact at position 2 matches");
        Assert.Equal(3, (await _cli.RunAsync("facts")).Lines.Length);

        (await _cli.RunAsync("write", "students/a", "2", "--unless-match", "tag=course:c1")).Ends(ExitCodes.Conflict);
        (await _cli.RunAsync("retract", "students/a", "--unless-match", "tag=course:c1")).Ends(ExitCodes.Conflict);
        (await _cli.RunAsync("retract", "students/a", "--unless-match", "tag=course:c1", "--after", "@2")).Ends(ExitCodes.Done);
    }

    [Fact]
    public async Task An_append_with_a_used_id_is_a_repeat_by_its_content_or_by_its_id_alone()
    {
        (await _cli.RunAsync("append", "o/1", "placed", """{"total":50}""", "--id", "e1")).Ends(ExitCodes.Done);
        Assert.False((await _cli.RunAsync("append", "o/1", "placed", """{ "total" : 50 }""", "--id", "e1", "--json")).Ends(ExitCodes.Done).Json[0].TryGetProperty("difference", out _));

        string[] other = ["append", "o/1", "placed", """{"total":50,"currency":"EUR"}""", "--id", "e1"];
        (await _cli.RunAsync(other)).Fails(ExitCodes.Conflict, "facts[0].payload differs");
        Assert.Equal("facts[0].payload", (await _cli.RunAsync([.. other, "--json"])).Ends(ExitCodes.Conflict).ErrorJson.GetProperty("difference").GetString());
        (await _cli.RunAsync([.. other, "--on-repeat", "same-content"])).Ends(ExitCodes.Conflict);

        var repeat = (await _cli.RunAsync([.. other, "--on-repeat", "same-id", "--json"])).Ends(ExitCodes.Done).Json[0];
        Assert.Equal(("duplicate", 1, "facts[0].payload"), (repeat.GetProperty("outcome").GetString(), repeat.GetProperty("first").GetInt64(), repeat.GetProperty("difference").GetString()));
        Assert.Contains("facts[0].payload differs", (await _cli.RunAsync([.. other, "--on-repeat", "same-id"])).Ends(ExitCodes.Done).Output, StringComparison.Ordinal);
        (await _cli.RunAsync("write", "o/2", "1", "--id", "e1", "--on-repeat", "same-id")).Ends(ExitCodes.Done);
        (await _cli.RunAsync("cell", "put", "b/n", "1", "--id", "e1", "--on-repeat", "same-id")).Ends(ExitCodes.Done);
        Assert.Single((await _cli.RunAsync("facts")).Lines);

        (await _cli.RunAsync("append", "o/1", "placed", "1", "--on-repeat", "same-id")).Fails(ExitCodes.Refused, "--on-repeat needs --id");
        (await _cli.RunAsync([.. other, "--on-repeat", "never"])).Ends(ExitCodes.Refused);
    }

    [Fact]
    public async Task A_record_is_written_expected_retracted_and_written_again()
    {
        (await _cli.RunAsync("write", "r/k", "1", "--expect", "none")).Ends(ExitCodes.Done);
        (await _cli.RunAsync("write", "r/k", "2", "--expect", "none")).Ends(ExitCodes.Conflict);
        (await _cli.RunAsync("retract", "r/k", "--expect", "2")).Ends(ExitCodes.Conflict);
        (await _cli.RunAsync("retract", "r/k", "--id", "gone")).Ends(ExitCodes.Done);
        Assert.Contains("\"duplicate\"", (await _cli.RunAsync("retract", "r/k", "--id", "gone", "--json")).Ends(ExitCodes.Done).Output, StringComparison.Ordinal);
        (await _cli.RunAsync("retract", "r/k")).Fails(ExitCodes.NotFound, "no value");
        (await _cli.RunAsync("read", "r/k")).Fails(ExitCodes.NotFound, "no value");
        Assert.Empty((await _cli.RunAsync("list", "r")).Ends(ExitCodes.Done).Lines);
        (await _cli.RunAsync("write", "r/k", "3", "--expect", "none")).Ends(ExitCodes.Done);
        Assert.Equal(3, (await _cli.RunAsync("history", "r/k")).Ends(ExitCodes.Done).Lines.Length);
    }

    [Fact]
    public async Task A_repeat_adds_nothing_and_other_content_is_refused()
    {
        (await _cli.RunAsync("append", "o/1", "a", "1", "--id", "x")).Ends(ExitCodes.Done);
        var repeat = (await _cli.RunAsync("append", "o/1", "a", "1", "--id", "x")).Ends(ExitCodes.Done);
        Assert.StartsWith("Nothing added", repeat.Output, StringComparison.Ordinal);
        (await _cli.RunAsync("append", "o/1", "a", "2", "--id", "x")).Fails(ExitCodes.Conflict, "used before");
        Assert.Single((await _cli.RunAsync("facts")).Lines);
    }

    [Fact]
    public async Task The_past_is_read_by_position_and_by_time()
    {
        (await _cli.RunAsync("write", "r/k", "1")).Ends(ExitCodes.Done);
        var between = (await _cli.RunAsync("read", "r/k", "--json")).Json[0].GetProperty("recordedAt").GetString()!;
        (await _cli.RunAsync("write", "r/k", "2")).Ends(ExitCodes.Done);

        foreach (var asOf in new[] { "@1", between })
        {
            Assert.Equal("1", (await _cli.RunAsync("read", "r/k", "--as-of", asOf, "--json")).Json[0].GetProperty("value").GetRawText());
            Assert.Equal("1", (await _cli.RunAsync("list", "r", "--as-of", asOf, "--json")).Json[0].GetProperty("value").GetRawText());
            Assert.Single((await _cli.RunAsync("history", "r/k", "--as-of", asOf)).Lines);
        }
        (await _cli.RunAsync("read", "r/k", "--as-of", "@0")).Ends(ExitCodes.NotFound);
        (await _cli.RunAsync("history", "r/k", "--as-of", "1999-12-31")).Ends(ExitCodes.NotFound);
        (await _cli.RunAsync("read", "r/k", "--as-of", "@3")).Fails(ExitCodes.Refused, "is too high");
        (await _cli.RunAsync("read", "r/k", "--as-of", "9999-01-01")).Fails(ExitCodes.Refused, "is ahead of the ledger's clock");
        (await _cli.RunAsync("read", "r/k", "--as-of", "yesterday")).Fails(ExitCodes.Refused, "neither a position nor a time");
    }

    [Fact]
    public async Task Facts_are_read_from_a_position_both_ways()
    {
        for (var i = 1; i <= 4; i++) (await _cli.RunAsync("write", $"r/{i}", $"{i}")).Ends(ExitCodes.Done);
        async Task<string> Positions(params string[] arguments) => string.Join(' ', (await _cli.RunAsync(["facts", "--json", .. arguments])).Ends(ExitCodes.Done).Json.Select(fact => fact.GetProperty("position").GetInt64()));

        Assert.Equal("1 2 3 4", await Positions());
        Assert.Equal("2 3 4", await Positions("--from", "@2"));
        Assert.Equal("2 3", await Positions("--from", "@2", "--limit", "2"));
        Assert.Equal("4 3 2 1", await Positions("--backward"));
        Assert.Equal("2 1", await Positions("--backward", "--from", "@2"));
        Assert.Equal("", await Positions("--from", "@9"));
        Assert.Equal("", await Positions("--limit", "0"));
        (await _cli.RunAsync("facts", "--limit", "-1")).Ends(ExitCodes.Refused);
        (await _cli.RunAsync("facts", "--from", "@-1")).Ends(ExitCodes.Refused);
    }

    [Fact]
    public async Task A_stream_is_split_at_the_first_slash()
    {
        (await _cli.RunAsync("write", "orders/", "1")).Ends(ExitCodes.Done);
        (await _cli.RunAsync("write", "orders/a/../b", "2")).Ends(ExitCodes.Done);
        (await _cli.RunAsync("write", "orders/$x", "3")).Ends(ExitCodes.Done);
        (await _cli.RunAsync("write", "orders/..", "4")).Ends(ExitCodes.Done);
        Assert.Equal(["", "$x", "..", "a/../b"], (await _cli.RunAsync("list", "orders", "--json")).Json.Select(fact => fact.GetProperty("key").GetString()));
        Assert.Single((await _cli.RunAsync("list", "orders", "--prefix", "a/")).Lines);
        (await _cli.RunAsync("read", "orders")).Fails(ExitCodes.Refused, "STORE/KEY");
    }

    // A key or a value may contain escape sequences, which a terminal would execute.
    [Fact]
    public async Task Nothing_that_is_shown_commands_the_terminal()
    {
        (await _cli.RunAsync("write", "s/left\u202eright", "\"\u007f\u2028\"")).Ends(ExitCodes.Done);
        foreach (var command in new[] { new[] { "facts" }, ["list", "s"], ["read", "s/left\u202eright"] })
        {
            var output = (await _cli.RunAsync(command)).Ends(ExitCodes.Done).Output;
            Assert.Contains("\\u202e", output, StringComparison.Ordinal);
            Assert.DoesNotContain(output, unit => unit is '\u202e' or '\u007f' or '\u2028');
        }
        Assert.Contains("\u202e", (await _cli.RunAsync("facts", "--json")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Long_values_are_shortened_for_people_and_whole_for_programs()
    {
        var text = new string('x', 10_000);
        (await _cli.RunAsync("write", "s/k", $"\"{text}\"")).Ends(ExitCodes.Done);
        Assert.True(Assert.Single((await _cli.RunAsync("facts")).Lines).Length <= 80);
        Assert.Equal(text, (await _cli.RunAsync("facts", "--json")).Json[0].GetProperty("value").GetString());
    }

    [Fact]
    public async Task Statistics_and_verification_count_the_same()
    {
        (await _cli.RunAsync("append", "a/1", "t", "1", "--id", "i")).Ends(ExitCodes.Done);
        (await _cli.RunAsync("append", "b/1", "t", "1")).Ends(ExitCodes.Done);
        var stats = (await _cli.RunAsync("stats", "--json")).Ends(ExitCodes.Done).Json[0];
        Assert.Equal((2, 2, 2, 1), (Number(stats, "facts"), Number(stats, "streams"), Number(stats, "stores"), Number(stats, "appendIds")));
        var report = (await _cli.RunAsync("verify", "--json")).Ends(ExitCodes.Done).Json[0];
        Assert.Equal((2, 2, 0), (Number(report, "facts"), Number(report, "head"), report.GetProperty("damage").GetArrayLength()));
        Assert.True(report.GetProperty("closedCleanly").GetBoolean());
        (await _cli.RunAsync("stats")).Ends(ExitCodes.Done);
        (await _cli.RunAsync("verify")).Ends(ExitCodes.Done);
    }

    [Fact]
    public async Task The_frames_of_a_file_are_shown()
    {
        (await _cli.RunAsync("append", "a/1", "t", "1", "--id", "i")).Ends(ExitCodes.Done);
        (await _cli.RunAsync("append", "b/1", "t", "1")).Ends(ExitCodes.Done);
        var segment = Assert.Single(Directory.GetFiles(new Storage.LedgerLayout(_cli.Ledger).Segments, "*.log"));
        var frames = (await _cli.RunAsync("inspect", segment, "--json")).Ends(ExitCodes.Done).Json;
        Assert.Equal(["segment", "batch", "closing", "batch", "closing"], frames.Select(frame => frame.GetProperty("kind").GetString()));
        Assert.Equal("i", frames[1].GetProperty("appendId").GetString());
        Assert.All(frames.Skip(1), frame => Assert.True(frame.GetProperty("whole").GetBoolean()));
        Assert.Equal(("b", 1), (frames[3].GetProperty("contents")[0].GetProperty("store").GetString(), frames[3].GetProperty("contents")[0].GetProperty("payloadBytes").GetInt32()));
        Assert.Contains("@2 b/1 v1 t", (await _cli.RunAsync("inspect", segment)).Ends(ExitCodes.Done).Output, StringComparison.Ordinal);
        (await _cli.RunAsync("inspect", _directory.Write("other", "no log"))).Fails(ExitCodes.Failed, "neither a log file");
        (await _cli.RunAsync("inspect", _directory.At("nothing"))).Fails(ExitCodes.Failed, "There is no file");
    }

    [Fact]
    public async Task Where_no_ledger_is_nothing_is_made_and_the_line_to_type_is_named()
    {
        foreach (var command in new string[][] { ["read", "a/b"], ["history", "a/b"], ["list", "a"], ["facts"], ["verify"], ["repair"], ["stats"], ["retract", "a/b"] })
        {
            (await _cli.RunAsync(command)).Fails(ExitCodes.Failed, "factstone append orders/42 placed");
            var error = (await _cli.RunAsync([.. command, "--json"])).Ends(ExitCodes.Failed).ErrorJson;
            Assert.Equal("no-ledger", error.GetProperty("error").GetString());
            Assert.False(Directory.Exists(_cli.Ledger));
        }
    }

    [Fact]
    public async Task The_directory_comes_from_the_option_from_the_environment_or_by_default()
    {
        (await _cli.RunAsync("write", "s/k", "1")).Ends(ExitCodes.Done);
        (await Cli.RunPlainAsync([], name => name == "FACTSTONE_DATA" ? _cli.Ledger : null, ["read", "s/k"])).Ends(ExitCodes.Done);
        (await Cli.RunPlainAsync([], _ => "/nowhere", ["--data", _cli.Ledger, "read", "s/k"])).Ends(ExitCodes.Done);
        (await Cli.RunPlainAsync([], _ => null, ["read", "s/k"])).Fails(ExitCodes.Failed, "/factstone-data'. To start a new one");
        (await Cli.RunPlainAsync([], _ => null, ["read", "s/k", "--data", ""])).Ends(ExitCodes.Refused);
    }

    [Theory]
    [InlineData("frobnicate")]
    [InlineData("append", "orders/42")]
    [InlineData("read", "a/b", "--no-such-option")]
    [InlineData("facts", "--limit", "many")]
    [InlineData("facts", "colour=red")]
    [InlineData("facts", "")]
    [InlineData("follow", "store=")]
    [InlineData("follow", "--from", "7")]
    [InlineData("follow", "--from", "@")]
    [InlineData("follow", "--from", "Now")]
    [InlineData("follow", "--limit", "-1")]
    [InlineData("import")]
    [InlineData("append", "a/b", "t", "1", "--expect", "some")]
    [InlineData("append", "a/b", "t", "1", "--cause", "x")]
    [InlineData("import", "jsonl", "-", "--store", "s", "--key", "k", "--time-unit", "days")]
    [InlineData("import", "jsonl", "-", "--store", "s", "--key", "k", "--retract", "gone")]
    [InlineData("import", "jsonl", "-", "--key", "k")]
    [InlineData("import", "jsonl", "-", "--exported", "--key", "k")]
    [InlineData("export")]
    [InlineData("export", "jsonl", "no=query")]
    [InlineData("streams", "s", "--limit", "many")]
    [InlineData("append", "a/b", "t", "1", "--lock-wait", "-1")]
    public async Task Wrong_usage_is_one_line_and_exit_code_2(params string[] arguments)
    {
        (await _cli.RunAsync(arguments)).Fails(ExitCodes.Refused, "");
        Assert.Equal("usage", (await _cli.RunAsync([.. arguments, "--json"])).Ends(ExitCodes.Refused).ErrorJson.GetProperty("error").GetString());
        Assert.False(Directory.Exists(_cli.Ledger));
    }

    [Theory]
    [InlineData("--limit: 'many' is not a whole number", "facts", "--limit", "many")]
    [InlineData("--limit: '99999999999999999999' is not a whole number", "follow", "--limit", "99999999999999999999")]
    [InlineData("--rounds: '1.5' is not a whole number", "bench", "--growth", "--rounds", "1.5")]
    [InlineData("--lock-wait: 'long' is not a number", "write", "s/k", "1", "--lock-wait", "long")]
    [InlineData("'--as-of' is unknown", "facts", "--as-of", "@2")]
    [InlineData("'--lmit' is unknown", "append", "--lmit", "3", "s/k", "t", "1")]
    [InlineData("'--no-such' is unknown", "read", "s/k", "--no-such")]
    [InlineData("'more' is unknown", "facts", "all", "more")]
    public async Task The_word_that_is_wrong_is_named_and_what_should_stand_there(string saying, params string[] arguments) =>
        (await _cli.RunAsync(arguments)).Fails(ExitCodes.Refused, saying);

    [Fact]
    public async Task Every_command_has_help_with_an_example()
    {
        var all = (await Cli.RunPlainAsync([], _ => null, ["--help"])).Ends(ExitCodes.Done).Output;
        foreach (var command in new string[][] { ["demo"], ["append"], ["write"], ["retract"], ["read"], ["history"], ["list"], ["facts"], ["follow"], ["streams"], ["blob", "put"], ["blob", "get"], ["blob", "stat"], ["consumers"], ["import", "git"], ["import", "jsonl"], ["export", "jsonl"], ["verify"], ["repair"], ["backup"], ["restore"], ["inspect"], ["stats"], ["bench"], ["conformance"] })
        {
            var help = (await Cli.RunPlainAsync([], _ => null, [.. command, "--help"])).Ends(ExitCodes.Done).Output;
            Assert.Contains($"  factstone {string.Join(' ', command)}", help[help.IndexOf("Example:", StringComparison.Ordinal)..], StringComparison.Ordinal);
            Assert.Contains(command[0], all, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Every_command_has_a_line_in_the_document()
    {
        var document = await File.ReadAllTextAsync(System.IO.Path.Combine(Repository.Root, "docs", "cli.md"), Encoding.UTF8, TestContext.Current.CancellationToken);
        using var output = new MemoryStream();
        var root = new CommandLine(new CliHost { Input = Stream.Null, Output = new StandardOutput(output, isTerminal: false), Error = new StandardError(TextWriter.Null, isTerminal: false) }).Root();
        var commands = root.Subcommands.Where(static command => !command.Hidden).SelectMany(static command => command.Action is null ? command.Subcommands.Select(sub => $"{command.Name} {sub.Name}") : [command.Name]).ToList();
        Assert.True(commands.Count > 25);
        Assert.All(commands, command => Assert.Contains($"\nfactstone {command}", document, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Facts_and_a_follow_are_those_that_match_a_query()
    {
        foreach (var (stream, type) in new[] { ("o/1", "placed"), ("o/2", "paid"), ("p/1", "paid"), ("o/1", "paid") })
            (await _cli.RunAsync("append", stream, type, "1")).Ends(ExitCodes.Done);

        Assert.Equal("2, 3, 4", await PositionsAsync("facts", "type=paid"));
        Assert.Equal("4, 3", await PositionsAsync("facts", "type=paid", "--backward", "--limit", "2"));
        Assert.Equal("1, 3, 4", await PositionsAsync("facts", "store=o key=1 | store=p", "--from", "@0"));
        Assert.Equal("", await PositionsAsync("facts", "store=q"));
        Assert.Equal("", await PositionsAsync("facts", "all", "--limit", "0"));
        Assert.Equal("2, 4", await PositionsAsync("follow", "store=o type=paid", "--limit", "2"));
        Assert.Equal("3, 4", await PositionsAsync("follow", "--from", "@3", "--limit", "2"));
        Assert.Equal("1, 2, 3, 4", await PositionsAsync("follow", "all", "--from", "2026-01-31", "--limit", "4"));
        Assert.Equal("", await PositionsAsync("follow", "--from", "now", "--limit", "0"));

        async Task<string> PositionsAsync(params string[] arguments) =>
            string.Join(", ", (await _cli.RunAsync([.. arguments, "--json"])).Ends(ExitCodes.Done).Json.Select(fact => Number(fact, "position")));
    }

    [Fact]
    public async Task A_follow_goes_on_after_the_cursor_that_the_one_before_gave()
    {
        for (var i = 0; i < 4; i++) (await _cli.RunAsync("append", "o/1", "placed", "1")).Ends(ExitCodes.Done);
        var first = (await _cli.RunAsync("follow", "--limit", "2")).Ends(ExitCodes.Done);
        var cursor = first.Error.Split("--after ")[1].Trim();
        Assert.Matches("^[0-9a-f-]{36}/1@2[.][0-9a-f]{8}$", cursor);
        Assert.Equal([3, 4], (await _cli.RunAsync("follow", "--after", cursor, "--limit", "2", "--json")).Ends(ExitCodes.Done).Json.Select(fact => Number(fact, "position")));
        Assert.Equal([4], (await _cli.RunAsync("follow", "--after", "@3", "--limit", "1", "--json")).Ends(ExitCodes.Done).Json.Select(fact => Number(fact, "position")));

        var atEnd = (await _cli.RunAsync("stats", "--json")).Ends(ExitCodes.Done).Json[0].GetProperty("cursor").GetString()!;
        Assert.Contains("@4.", atEnd, StringComparison.Ordinal);
        Assert.Contains(atEnd, (await _cli.RunAsync("stats")).Ends(ExitCodes.Done).Output, StringComparison.Ordinal);
        (await _cli.RunAsync("follow", "--after", atEnd, "--limit", "0")).Ends(ExitCodes.Done);

        var forked = (await _cli.RunAsync("follow", "--after", $"{atEnd[..^8]}00000000", "--json")).Ends(ExitCodes.Failed).ErrorJson;
        Assert.Equal(("forked", 0), (forked.GetProperty("error").GetString(), Number(forked, "lastCommonPosition")));
        (await _cli.RunAsync("follow", "--after", "4")).Fails(ExitCodes.Refused, "is not a cursor");
        (await _cli.RunAsync("follow", "--after", "@5")).Fails(ExitCodes.Refused, "the last fact is at position 4");
        (await _cli.RunAsync("follow", "--after", "@1", "--from", "@1")).Fails(ExitCodes.Refused, "exclude each other");
    }

    [Fact]
    public async Task A_follow_from_what_lies_ahead_is_refused()
    {
        (await _cli.RunAsync("follow")).Fails(ExitCodes.Failed, "There is no ledger");
        (await _cli.RunAsync("write", "s/k", "1")).Ends(ExitCodes.Done);
        (await _cli.RunAsync("follow", "--from", "@3")).Fails(ExitCodes.Refused, "the last fact is at position 1");
        (await _cli.RunAsync("follow", "--from", "9999-01-01")).Fails(ExitCodes.Refused, "is ahead of the ledger's clock");
        Assert.Equal("refused", (await _cli.RunAsync("follow", "--from", "@3", "--json")).Ends(ExitCodes.Refused).ErrorJson.GetProperty("error").GetString());
    }

    static int Number(JsonElement json, string field) => json.GetProperty(field).GetInt32();
}
