using Factstone.Storage;

namespace Factstone.Tests;

/// <summary>Invalid input is refused by name, and the ledger does not change.</summary>
public sealed class BadInputTests
{
    const string Stream = "orders/42";

    static readonly string Lone = "\uD83D";

    public static TheoryData<string, string> BadAppends()
    {
        var all = new TheoryData<string, string>();
        foreach (var (name, says, _) in Bad) all.Add(name, says);
        return all;
    }

    /// <summary>A name, the expected error text, and the request.</summary>
    static readonly (string Name, string Says, Func<AppendRequest> Request)[] Bad =
    [
        ("a payload of 5 MiB", "5,242,880 bytes", () => Payload(new string('1', 5 * 1_024 * 1_024))),
        ("bytes of 5 MiB", "5,242,880 bytes", () => One(new NewFact(Stream, null, new byte[5 * 1_024 * 1_024]) { ContentType = "x" })),
        ("a payload of one byte too many", "4,194,305 bytes", () => Payload($"\"{new string('x', FactLimits.PayloadBytesMax - 1)}\"")),
        ("invalid JSON", "not JSON", () => Payload("{\"a\":}")),
        ("half a JSON", "not JSON", () => Payload("{\"a\":1")),
        ("two JSON values", "not JSON", () => Payload("1 2")),
        ("an empty text", "empty", () => Payload("")),
        ("blanks", "empty", () => Payload("  ")),
        ("duplicate names", "\"a\"", () => Payload("""{"a":1,"b":2,"a":1}""")),
        ("names that are the same after unescaping", "already", () => Payload("""{"a":1,"\u0061":1}""")),
        ("an escaped lone surrogate", "surrogate", () => Payload("\"\\ud83d\"")),
        ("a lone surrogate in the text", "surrogate", () => Payload($"\"{Lone}\"")),
        ("a byte order mark", "byte order mark", () => Payload("\uFEFF{}")),
        ("a byte order mark in bytes", "byte order mark", () => Bytes([0xEF, 0xBB, 0xBF, (byte)'1'])),
        ("nesting 129 deep", "128", () => Payload(new string('[', 129) + new string(']', 129))),
        ("nesting 10,000 deep", "128", () => Payload(new string('[', 10_000) + new string(']', 10_000))),
        ("objects 10,000 deep", "128", () => Payload(string.Concat(Enumerable.Repeat("{\"a\":", 10_000)) + "1" + new string('}', 10_000))),
        ("NaN", "not JSON", () => Payload("NaN")),
        ("Infinity", "not JSON", () => Payload("-Infinity")),
        ("invalid UTF-8", "not UTF-8", () => Bytes([(byte)'"', 0xC3, 0x28, (byte)'"'])),
        ("an overlong encoding", "not UTF-8", () => Bytes([(byte)'"', 0xC0, 0x80, (byte)'"'])),
        ("a surrogate in UTF-8", "not UTF-8", () => Bytes([(byte)'"', 0xED, 0xA0, 0x80, (byte)'"'])),

        ("65 tags", "65 tags", () => One(Fact with { Tags = [.. Enumerable.Range(0, 65).Select(i => $"t{i}")] })),
        ("a tag twice", "twice", () => One(Fact with { Tags = ["a", "b", "a"] })),
        ("an empty tag", "empty", () => One(Fact with { Tags = [""] })),
        ("a null tag", "null", () => One(Fact with { Tags = [null!] })),
        ("null for tags", "null", () => One(Fact with { Tags = null! })),
        ("a tag of 257 bytes", "257 bytes", () => One(Fact with { Tags = [new string('x', 257)] })),
        ("a tag with a line feed", "U+000A", () => One(Fact with { Tags = ["a\nb"] })),
        ("a producer over 4 KiB", "4,096", () => One(Fact with { Producer = $$"""{"a":"{{new string('x', 4_096)}}"}""" })),
        ("a producer of 10 MiB", "4,096", () => One(Fact with { Producer = new string(' ', 10 * 1_024 * 1_024) })),
        ("a producer that is no object", "object", () => One(Fact with { Producer = "[]" })),
        ("a producer with a number that no double holds", "1e400", () => One(Fact with { Producer = """{"a":1e400}""" })),
        ("a producer with half of a pair", "surrogate", () => One(Fact with { Producer = $$"""{"a":"{{Lone}}"}""" })),
        ("metadata over 16 KiB", "16,384", () => One(Fact with { Metadata = $$"""{"a":"{{new string('x', 16_384)}}"}""" })),
        ("metadata with a number", "texts", () => One(Fact with { Metadata = """{"a":1}""" })),
        ("metadata that is no object", "object", () => One(Fact with { Metadata = "\"a\"" })),
        ("1,025 sources", "1,025 sources", () => One(Fact with { Derivation = new Derivation("rule", 1, [.. Enumerable.Range(0, 1_025).Select(_ => Guid.NewGuid())]) })),
        ("a rule of version 0", "version", () => One(Fact with { Derivation = new Derivation("rule", 0, []) })),
        ("a rule without a name", "rule", () => One(Fact with { Derivation = new Derivation("", 1, []) })),

        ("a key of 2,000 bytes", "2,000 bytes", () => One(NewFact.WithoutPayload(new StreamName("s", new string('k', 2_000)), null))),
        ("a key of 1,025 bytes in 513 characters", "bytes", () => One(NewFact.WithoutPayload(new StreamName("s", "k" + new string('é', 512)), null))),
        ("a key with a control character", "U+0000", () => One(NewFact.WithoutPayload(new StreamName("s", "a\0b"), null))),
        ("a key with a C1 control character", "U+0085", () => One(NewFact.WithoutPayload(new StreamName("s", "a\u0085"), null))),
        ("a key with half of a pair", "surrogate", () => One(NewFact.WithoutPayload(new StreamName("s", Lone), null))),
        ("a store with a control character", "U+0007", () => One(NewFact.WithoutPayload(new StreamName("s\a", "1"), null))),
        ("a store named .", "'.'", () => One(NewFact.WithoutPayload("./1", null))),
        ("a store named ..", "'..'", () => One(NewFact.WithoutPayload("../1", null))),
        ("a store with /", "'/'", () => One(NewFact.WithoutPayload(new StreamName("a/b", "1"), null))),
        ("a store that starts with $", "belong to Factstone", () => One(NewFact.WithoutPayload("$receipts/1", null))),
        ("a store named $", "belong to Factstone", () => One(NewFact.WithoutPayload("$/1", null))),
        ("an empty store", "empty", () => One(NewFact.WithoutPayload("/1", null))),
        ("a store of 129 bytes", "129 bytes", () => One(NewFact.WithoutPayload(new StreamName(new string('s', 129), "1"), null))),
        ("no stream", "STORE/KEY", () => One(NewFact.WithoutPayload(default, null))),
        ("an empty type", "empty", () => One(Fact with { Type = "" })),
        ("a type of 257 bytes", "257 bytes", () => One(Fact with { Type = new string('t', 257) })),
        ("a type with a tab", "U+0009", () => One(Fact with { Type = "a\tb" })),
        ("a payload as the type", "new NewFact(stream, type, json)", () => One(Fact with { Type = """{"total":50}""" })),
        ("an empty correlation", "empty", () => One(Fact with { Correlation = "" })),
        ("a correlation of 129 bytes", "129 bytes", () => One(Fact with { Correlation = new string('c', 129) })),
        ("an empty content type", "empty", () => One(Fact with { ContentType = "" })),
        ("a content type with a line feed", "U+000D", () => One(Fact with { ContentType = "text/plain\r\n" })),
        ("schema version 0", "version", () => One(Fact with { SchemaVersion = 0 })),
        ("schema version -1", "-1", () => One(Fact with { SchemaVersion = -1 })),

        ("times reversed", "earlier", () => One(Fact with { ValidFrom = DateTimeOffset.UnixEpoch.AddDays(1), ValidTo = DateTimeOffset.UnixEpoch })),
        ("times that hold no moment", "earlier", () => One(Fact with { ValidFrom = DateTimeOffset.UnixEpoch, ValidTo = DateTimeOffset.UnixEpoch.AddTicks(9) })),
        ("a cause that comes later", "facts[1]", () => new AppendRequest(Fact with { CausationIndex = 1 }, Fact)),
        ("a fact that causes itself", "facts[0]", () => One(Fact with { CausationIndex = 0 })),
        ("a cause at a negative index", "facts[-1]", () => One(Fact with { CausationIndex = -1 })),
        ("two causes", "two causes", () => new AppendRequest(Fact, Fact with { CausationIndex = 0, Causation = Guid.NewGuid() })),

        ("no fact", "no fact", () => new AppendRequest()),
        ("null for facts", "null", () => new AppendRequest { Facts = null! }),
        ("null for a fact", "null", () => new AppendRequest { Facts = [Fact, null!] }),
        ("10,001 facts", "10,001 facts", () => new AppendRequest([.. Enumerable.Repeat(Fact, 10_001)])),
        ("33 MiB", "33,554,432 bytes", () => new AppendRequest([.. Enumerable.Repeat(new NewFact(Stream, null, new byte[33 * 1_024 * 1_024 / 9]) { ContentType = "x" }, 9)])),
        ("a bad fact behind a good one", "facts[1]", () => new AppendRequest(Fact, new NewFact(Stream, null, "x"))),
        ("an empty append id", "empty", () => One(Fact) with { AppendId = "" }),
        ("an append id of 129 bytes", "129 bytes", () => One(Fact) with { AppendId = new string('a', 129) }),
        ("an append id with a control character", "U+001B", () => One(Fact) with { AppendId = "\u001B[0m" }),
        ("an append id with half of a pair", "surrogate", () => One(Fact) with { AppendId = Lone }),

        ("neither fact nor cell", "no fact and no cell", () => new AppendRequest()),
        ("null for cells", "null", () => One(Fact) with { Cells = null! }),
        ("null for a cell", "cells[0]", () => Cell(null!)),
        ("10,001 cells", "10,001 cells", () => One(Fact) with { Cells = [.. Enumerable.Range(0, 10_001).Select(i => NewCell.Put("b", $"{i}", "1"))] }),
        ("a cell name of 2,000 bytes", "2,000 bytes; at most 1,024", () => Cell(NewCell.Put("b", new string('n', 2_000), "1"))),
        ("a cell name of 1,025 bytes", "1,025 bytes", () => Cell(NewCell.Delete("b", new string('é', 512) + "x"))),
        ("a cell value of 5 MiB", "5,242,880 bytes", () => Cell(NewCell.Put("b", "n", new byte[5 * 1_024 * 1_024]))),
        ("a cell value of one byte too many", "4,194,305 bytes", () => Cell(NewCell.Put("b", "n", new byte[FactLimits.CellValueBytesMax + 1]))),
        ("cells of 36 MiB", "33,554,432 bytes", () => new AppendRequest { Cells = [.. Enumerable.Range(0, 9).Select(i => NewCell.Put("b", $"{i}", new byte[FactLimits.CellValueBytesMax]))] }),
        ("facts and cells of 34 MiB", "cells[7]", () => new AppendRequest { Facts = [.. Enumerable.Range(0, 1).Select(_ => Fact)], Cells = [.. Enumerable.Range(0, 8).Select(i => NewCell.Put("b", $"{i}", new byte[FactLimits.CellValueBytesMax]))] }),
        ("a cell twice", "cells[0] writes the same cell", () => One(Fact) with { Cells = [NewCell.Put("b", "n", "1"), NewCell.Delete("b", "n")] }),
        ("a bucket of 129 bytes", "129 bytes", () => Cell(NewCell.Put(new string('b', 129), "n", "1"))),
        ("an empty bucket", "empty", () => Cell(NewCell.Put("", "n", "1"))),
        ("a bucket with /", "'/'", () => Cell(NewCell.Put("a/b", "n", "1"))),
        ("a bucket named ..", "directory", () => Cell(NewCell.Put("..", "n", "1"))),
        ("a bucket of ours", "belong to Factstone", () => Cell(NewCell.Put("$checkpoints", "n", "1"))),
        ("a cell name with a control character", "U+0007", () => Cell(NewCell.Put("b", "\a", "1"))),
        ("a cell name with half of a pair", "surrogate", () => Cell(NewCell.Put("b", Lone, "1"))),
        ("a bad cell behind a good one", "cells[1]", () => One(Fact) with { Cells = [NewCell.Put("b", "n", "1"), NewCell.Put("b/", "n", "1")] }),
        ("a cell at version -1", "-1", () => If(AppendCondition.CellAt("b", "n", -1))),
        ("a condition on a bucket with /", "'/'", () => If(AppendCondition.CellAbsent("a/b", "n"))),
        ("a condition on a cell name of 2,000 bytes", "2,000 bytes", () => If(AppendCondition.CellEquals("b", new string('n', 2_000), "1"))),
        ("a condition on a cell value of 5 MiB", "5,242,880 bytes", () => If(AppendCondition.CellEquals("b", "n", new byte[5 * 1_024 * 1_024]))),

        ("null for conditions", "null", () => One(Fact) with { Conditions = null! }),
        ("null for a condition", "conditions[0]", () => If(null!)),
        ("10,001 conditions", "10,001 conditions", () => One(Fact) with { Conditions = [.. Enumerable.Repeat(AppendCondition.StreamExists(Stream), 10_001)] }),
        ("a stream at version -1", "-1", () => If(AppendCondition.StreamAt(Stream, -1))),
        ("a record at version -1", "-1", () => If(AppendCondition.RecordAt(Stream, -1))),
        ("a condition on a store with /", "'/'", () => If(AppendCondition.StreamExists(new StreamName("a/b", "1")))),
        ("a condition on no stream", "STORE/KEY", () => If(AppendCondition.StreamMissing(default))),
        ("a condition on a value that is no JSON", "not JSON", () => If(AppendCondition.RecordEquals(Stream, "{"))),
        ("a condition on a value with duplicate names", "already", () => If(AppendCondition.RecordEquals(Stream, """{"a":1,"a":1}"""))),
        ("a condition on a value 10,000 deep", "128", () => If(AppendCondition.RecordEquals(Stream, new string('[', 10_000) + new string(']', 10_000)))),
    ];

    [Theory]
    [MemberData(nameof(BadAppends))]
    public async Task Bad_input_is_refused_by_name_and_changes_nothing(string name, string says)
    {
        var files = new MemoryFileSystem();
        await using var ledger = await Ledger.OpenAsync("input", new LedgerOptions { FileSystem = files, PreallocationBytesMax = 0 });
        await ledger.AppendAsync(new AppendRequest(new NewFact(Stream, "placed", "1")) { AppendId = "first" });
        var before = FileContents.Of(files, "input");
        var request = Bad.Single(one => one.Name == name).Request();

        var refused = await Assert.ThrowsAnyAsync<ArgumentException>(async () => await ledger.TryAppendAsync(request));

        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
        Assert.True(refused.Message.Length < 500, refused.Message);
        Assert.Equal(before, FileContents.Of(files, "input"));
        Assert.Equal(new Position(1), await ledger.GetHeadAsync());
        Assert.Equal(new StreamVersion(1), await ledger.GetVersionAsync(Stream));
        Assert.Equal(1, (await ledger.GetStatisticsAsync()).Streams);
        Assert.Equal(new Position(2), (await ledger.AppendAsync(new NewFact(Stream, "placed", "2"))).FirstPosition); // and it goes on
    }

    [Fact]
    public async Task Reads_of_cells_that_cannot_be_are_refused()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.ReadCellAsync("b", new string('n', 2_000)));
        await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.ReadCellAsync("a/b", "n"));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await ledger.ReadCellAsync(null!, "n"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.ListCellsAsync("").ToListAsync());
        await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.ListCellsAsync("b", new CellListOptions { Prefix = new string('n', 2_000) }).ToListAsync());
        await Assert.ThrowsAsync<ArgumentException>(async () => await ledger.ListCellsAsync("b", new CellListOptions { After = Lone }).ToListAsync());
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await ledger.ListCellsAsync("b", new CellListOptions { Limit = -1 }).ToListAsync());
        Assert.Null(await ledger.ReadCellAsync("$ours", "n"));
        Assert.Throws<ArgumentException>(() => NewCell.Put("b", "n", Lone));
        Assert.Throws<FormatException>(() => CellName.Parse("settings"));
    }

    // The maximal number of cells in one append, each of the maximal size.
    [Fact]
    public async Task Cells_just_within_the_limits_are_taken_and_read_as_they_were()
    {
        var files = new MemoryFileSystem();
        var options = new LedgerOptions { FileSystem = files, PreallocationBytesMax = 0 };
        var value = new byte[FactLimits.CellValueBytesMax];
        new Random(1).NextBytes(value);
        var (bucket, name) = (new string('é', 64), new string('n', 1_024));
        await using (var ledger = await Ledger.OpenAsync("l", options))
        {
            await ledger.AppendAsync(new AppendRequest { Cells = [NewCell.Put(bucket, name, value)] });
            Assert.Equal(10_000, (await ledger.AppendAsync(new AppendRequest { Cells = [.. Enumerable.Range(0, 10_000).Select(i => NewCell.Put("b", $"{i:D5}", "1"))] })).CellVersions.Count);
        }

        await using var again = await Ledger.OpenAsync("l", options);
        Assert.Equal(value, (await again.ReadCellAsync(bucket, name))!.Value.ToArray());
        Assert.Equal(10_000, await again.ListCellNamesAsync("b").CountAsync());
        Assert.Equal(10_001, (await again.GetStatisticsAsync()).Cells);
        Assert.IsType<AppendOutcome.Committed>(await again.TryAppendAsync(new AppendRequest { Cells = [NewCell.Delete(bucket, name)], Conditions = [AppendCondition.CellEquals(bucket, name, value)] }));
    }

    [Fact]
    public async Task No_request_at_all_is_refused()
    {
        await using var ledger = await Ledger.OpenInMemoryAsync();
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await ledger.TryAppendAsync(null!));
        Assert.Throws<ArgumentNullException>(() => AppendCondition.RecordEquals(Stream, (string)null!));
        Assert.Throws<FormatException>(() => StreamName.Parse("orders"));
    }

    public static TheoryData<string> LargestParts() => ["payload", "header", "append", "facts", "depth", "strange names"];

    /// <summary>Input just within the limits is stored unchanged.</summary>
    [Theory]
    [MemberData(nameof(LargestParts))]
    public async Task What_is_just_within_the_limits_is_taken_and_read_as_it_was(string part)
    {
        var request = part switch
        {
            "payload" => Payload($"\"{new string('x', FactLimits.PayloadBytesMax - 2)}\""),
            "header" => One(new NewFact(new StreamName(new string('s', 128), new string('k', 1_024)), new string('t', 256), "1")
            {
                Tags = [.. Enumerable.Range(0, 64).Select(i => $"{i:D3}{new string('é', 126)}x")],
                Correlation = new string('c', 128),
                ContentType = new string('y', 128),
                Producer = $$"""{"a":"{{new string('p', 4_096 - 8)}}"}""",
                Metadata = $$"""{"a":"{{new string('m', 16_384 - 8)}}"}""",
                Derivation = new Derivation(new string('r', 256), long.MaxValue, [.. Enumerable.Range(0, 1_024).Select(_ => Guid.NewGuid())]),
                Causation = Guid.NewGuid(),
                SchemaVersion = long.MaxValue,
                ValidFrom = DateTimeOffset.MinValue,
                ValidTo = DateTimeOffset.MaxValue,
            }) with { AppendId = new string('i', 128) },
            "append" => new AppendRequest([.. Enumerable.Repeat(new NewFact(Stream, null, new byte[4_190_000]) { ContentType = "x" }, 8)]),
            "facts" => new AppendRequest([.. Enumerable.Range(0, 10_000).Select(i => new NewFact($"s/{i}", null, $"{i}"))]),
            "depth" => Payload(new string('[', 128) + new string(']', 128)),
            _ => new AppendRequest([.. ((string[])["..", ".", "$", "", "/", "//", "../../../etc/passwd", "a/../..", "\\", "*", "😀"]).Select(key => new NewFact(new StreamName("s", key), null, "1"))]),
        };
        var files = new MemoryFileSystem();
        var options = new LedgerOptions { FileSystem = files, PreallocationBytesMax = 0 };
        var clock = 0L;
        var model = new Testing.ModelLedger();
        await using (var ledger = await Ledger.OpenAsync("input", options))
        {
            var receipt = await ledger.AppendAsync(request);
            clock = (receipt.RecordedAt - DateTimeOffset.UnixEpoch).Ticks / 10;
        }

        model.Append(request, clock);
        await using var again = await Ledger.OpenAsync("input", options);
        Assert.Null(Testing.ModelFact.Difference(model.Facts, await again.ReadAsync().ToListAsync()));
        if (part == "strange names")
            Assert.Equal(model.List("s").Select(fact => fact.Stream.Key), (await again.ListAsync("s").ToListAsync()).Select(fact => fact.Stream.Key));
    }

    // Keys are names in the ledger, never names of files.
    [Fact]
    public async Task No_key_makes_a_file_outside_the_directory()
    {
        var parent = Path.Combine(Path.GetTempPath(), $"factstone-keys-{Guid.NewGuid():N}");
        var directory = Path.Combine(parent, "ledger");
        await using (var ledger = await Ledger.OpenAsync(directory))
            foreach (var key in (string[])["..", "../..", "$", "/etc/passwd", "../../outside", "\\", ""])
                await ledger.AppendAsync(new NewFact(new StreamName("s", key), null, "1"));

        Assert.Equal([directory], Directory.EnumerateFileSystemEntries(parent));
        Assert.All(Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories), file => Assert.Matches("/(LOCK|HEAD|MANIFEST|segments/[0-9]{20}\\.[0-9]{6}\\.log|index/[0-9]{20}-[0-9]{20}\\.run)$", file));
        Directory.Delete(parent, recursive: true);
    }

    static NewFact Fact => new(Stream, "placed", "1");

    static AppendRequest One(NewFact fact) => new(fact);

    static AppendRequest Payload(string json) => new(new NewFact(Stream, null, json));

    static AppendRequest Bytes(byte[] json) => new(new NewFact(Stream, null, json));

    static AppendRequest Cell(NewCell cell) => new() { Cells = [cell] };

    static AppendRequest If(AppendCondition condition) => new(Fact) { Conditions = [condition] };
}
