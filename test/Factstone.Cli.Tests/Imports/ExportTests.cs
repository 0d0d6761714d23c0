using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Factstone.Cli.Tests;

/// <summary>The facts of a ledger are exported as lines and imported into another ledger as the same facts.</summary>
public sealed class ExportTests : IDisposable
{
    static readonly string[] OriginFields = ["ledger", "position", "id", "recordedAt"];

    static readonly JsonSerializerOptions Unescaped = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly TempDirectory _directory = new();
    readonly Cli _source;
    readonly Cli _target;

    public ExportTests() => (_source, _target) = (new Cli(_directory, "source"), new Cli(_directory, "target"));

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("all.jsonl")]
    [InlineData("all.jsonl.gz")]
    public async Task What_was_exported_and_imported_is_the_same_but_for_position_id_and_time(string file)
    {
        await FillAsync();
        (await _source.RunAsync("export", "jsonl", "--out", _directory.At(file))).Ends(ExitCodes.Done);
        Assert.Equal(file.EndsWith(".gz", StringComparison.Ordinal), File.ReadAllBytes(_directory.At(file)) is [0x1F, 0x8B, ..]);
        (await _target.RunAsync("import", "jsonl", _directory.At(file), "--exported")).Ends(ExitCodes.Done);

        var (source, target) = (await FactsAsync(_source), await FactsAsync(_target));
        Same(source, target);
        // Every fact was imported, so positions are the same, and each cause refers to the fact at the same position.
        for (var i = 0; i < source.Count; i++)
        {
            Assert.Equal(source[i].Position, target[i].Position);
            var cause = source[i].Causation is { } id ? source.FindIndex(fact => fact.Id == id) : -1;
            Assert.Equal(cause < 0 ? null : target[cause].Id, target[i].Causation);
        }

        Assert.Equal(Guid.Empty.ToString(), Metadata(target[Position(source, "orders/foreign")])["factstone.origin.cause"]);
        (await _target.RunAsync("verify")).Ends(ExitCodes.Done);
    }

    [Fact]
    public async Task A_second_import_adds_nothing_and_one_that_was_killed_goes_on()
    {
        await FillAsync();
        var lines = (await _source.RunAsync("export", "jsonl")).Ends(ExitCodes.Done).Lines;
        await using (var import = CliProcess.Start(["import", "jsonl", "-", "--exported", "--json", "--data", _target.Ledger]))
        {
            // A batch is known to be complete when the next one begins.
            foreach (var line in lines.Take(8)) await import.Input.WriteLineAsync(line);
            await import.Input.FlushAsync(Cancel);
            Assert.NotNull(await import.ReadLineAsync());
            import.Kill();
        }

        Assert.InRange((await FactsAsync(_target)).Count, 1, 7);
        var whole = _directory.Write("all", string.Join('\n', lines));
        (await _target.RunAsync("import", "jsonl", whole, "--exported")).Ends(ExitCodes.Done);
        var facts = await FactsAsync(_target);
        Same(await FactsAsync(_source), facts);

        var again = (await _target.RunAsync("import", "jsonl", whole, "--exported", "--json")).Ends(ExitCodes.Done);
        Assert.All(again.Json, receipt => Assert.Equal("duplicate", receipt.GetProperty("outcome").GetString()));
        Assert.Equal(facts.Select(fact => fact.Id), (await FactsAsync(_target)).Select(fact => fact.Id));
    }

    [Fact]
    public async Task What_came_since_is_exported_from_a_position_on_and_imported_behind()
    {
        await FillAsync();
        var head = (await FactsAsync(_source)).Count;
        await ImportAsync((await _source.RunAsync("export", "jsonl")).Output);
        (await _source.RunAsync("append", "orders/1", "later", "1")).Ends(ExitCodes.Done);
        var rest = (await _source.RunAsync("export", "jsonl", "--from", $"@{head + 1}")).Ends(ExitCodes.Done);
        Assert.Single(rest.Lines);
        await ImportAsync(rest.Output);
        Same(await FactsAsync(_source), await FactsAsync(_target));
    }

    // An append refuses such a type, which is a payload in the wrong place. An earlier version stored it.
    [Fact]
    public async Task A_type_that_looks_like_JSON_is_read_exported_and_imported_where_it_is_stored()
    {
        const string Type = """{"dark":true}""";
        await using (var ledger = await Ledger.OpenAsync(_source.Ledger, cancellationToken: Cancel))
            await ledger.AppendAsync(new AppendRequest(NewFact.WithoutPayload("settings/theme", Type)) { KeepsTypes = true }, Cancel);

        await ImportAsync((await _source.RunAsync("export", "jsonl")).Ends(ExitCodes.Done).Output);
        Assert.Equal(Type, Assert.Single(await FactsAsync(_target)).Type);
        var refused = (await _target.RunAsync("append", "settings/theme", Type, "1")).Ends(ExitCodes.Refused);
        Assert.Contains("looks like JSON", refused.Error, StringComparison.Ordinal);
    }

    // A fact has one JSON, whoever writes it: only the encoder of the options decides on escapes.
    [Fact]
    public async Task The_JSON_of_the_command_line_is_what_the_serializer_writes()
    {
        await FillAsync();
        Assert.Equal((await FactsAsync(_source)).Select(fact => JsonSerializer.Serialize(fact, Unescaped)), (await _source.RunAsync("facts", "--json")).Ends(ExitCodes.Done).Lines);

        var appended = (await _source.RunAsync("append", "orders/é", "placed", "1", "--json")).Ends(ExitCodes.Done).Lines[0];
        Assert.Equal(appended, JsonSerializer.Serialize(JsonSerializer.Deserialize<AppendOutcome>(appended), Unescaped));
        var put = (await _source.RunAsync("cell", "put", "settings/theme", "é", "--json")).Ends(ExitCodes.Done).Lines[0];
        Assert.Equal(put, JsonSerializer.Serialize(JsonSerializer.Deserialize<AppendOutcome>(put), Unescaped));
        var cell = (await _source.RunAsync("cell", "get", "settings/theme", "--json")).Ends(ExitCodes.Done).Lines[0];
        Assert.Equal(cell, JsonSerializer.Serialize(JsonSerializer.Deserialize<Cell>(cell), Unescaped));
    }

    [Fact]
    public async Task Some_streams_are_exported_by_a_query_as_of_a_point()
    {
        await FillAsync();
        var until = (await FactsAsync(_source)).Count - 2;
        await ImportAsync((await _source.RunAsync("export", "jsonl", "store=orders", "--as-of", $"@{until}")).Ends(ExitCodes.Done).Output);
        Same([.. (await FactsAsync(_source)).Where(fact => fact.Stream.Store == "orders" && fact.Position.Value <= until)], await FactsAsync(_target));
    }

    [Fact]
    public async Task A_fact_that_is_imported_twice_keeps_its_first_origin()
    {
        await FillAsync();
        await ImportAsync((await _source.RunAsync("export", "jsonl")).Output);
        var third = new Cli(_directory, "third");
        (await third.RunWithInputAsync(Encoding.UTF8.GetBytes((await _target.RunAsync("export", "jsonl")).Output), "import", "jsonl", "-", "--exported")).Ends(ExitCodes.Done);
        var (source, last) = (await FactsAsync(_source), await FactsAsync(third));
        for (var i = 0; i < last.Count; i++) Assert.Equal(source[i].Id.ToString(), Metadata(last[i])["factstone.origin.id"]);
        Assert.Equal(last[0].Id, last[1].Causation);
    }

    [Fact]
    public async Task A_stream_that_has_other_facts_is_named_and_nothing_behind_it_is_imported()
    {
        await FillAsync();
        (await _target.RunAsync("append", "orders/1", "own", "1")).Ends(ExitCodes.Done);
        var file = _directory.Write("all", (await _source.RunAsync("export", "jsonl")).Output);
        (await _target.RunAsync("import", "jsonl", file, "--exported")).Fails(ExitCodes.Refused, "Line 1 is version 1 of orders/1, which is at version 1 in this ledger");
        Assert.Single(await FactsAsync(_target));

        // A stream cannot be imported without its beginning, and no ledger is created for it.
        var tail = _directory.Write("tail", (await _source.RunAsync("export", "jsonl", "store=orders key=1", "--from", "@2")).Output);
        var nowhere = new Cli(_directory, "nowhere");
        (await nowhere.RunAsync("import", "jsonl", tail, "--exported")).Fails(ExitCodes.Refused, "at version 0 in this ledger");
        Assert.False(Directory.Exists(nowhere.Ledger));
    }

    [Fact]
    public async Task What_is_refused_in_the_middle_leaves_what_came_before_it_and_nothing_behind()
    {
        await FillAsync();
        (await _target.RunAsync("append", "notes/n", "own", "1")).Ends(ExitCodes.Done);
        var lines = (await _source.RunAsync("export", "jsonl")).Lines;
        var at = Array.FindIndex(lines, line => line.Contains("\"store\":\"notes\"", StringComparison.Ordinal));
        var answer = await _target.RunAsync("import", "jsonl", _directory.Write("all", string.Join('\n', lines)), "--exported");
        Assert.Contains($"Line {at + 1} is version 1 of notes/n", answer.Ends(ExitCodes.Refused).Error, StringComparison.Ordinal);
        Assert.Equal(at, (await FactsAsync(_target)).Count); // its own, and all before the batch, which begins one line before
    }

    public static TheoryData<string, string, string> BadLines => new()
    {
        { "\"version\":2", "\"version\":3", "a version is missing" },
        { "\"version\":1", "\"version\":0", "Line 1 has no whole number from 1 to" },
        { "\"version\":1", "\"version\":1.5", "Line 1 has no whole number from 1 to" },
        { "\"position\":2", "\"position\":1", "Line 2 does not follow line 1" },
        { "\"store\":\"orders\"", "\"store\":5", "Line 1 has no text in 'store'" },
        { "\"store\":\"orders\"", "\"store\":\"$orders\"", "belong to Factstone" },
        { "\"key\":\"1\",", "", "Line 1 has no field 'key'" },
        { "\"ledger\":", "\"from\":", "Line 1 has a field 'from' that an export of this version does not have" },
        { "\"ledger\":\"", "\"ledger\":\"x", "Line 1 has no id in 'ledger'" },
        { "\"recordedAt\":\"", "\"recordedAt\":\"x", "Line 1 has no time in 'recordedAt'" },
        { "\"type\":\"first\"", "\"type\":\"\\ud800\"", "Line 1 has a text in 'type' that is not valid UTF-8, or half of a surrogate pair" },
        { "\"value\":", "\"valueBase64\":", "Line 1 has no Base64 in 'valueBase64'" },
        { "\"value\":", "\"contentType\":\"text/plain\",\"value\":", "Line 1 has a 'contentType', so its payload belongs in 'valueBase64'" },
        { "\"value\":", "\"valueBase64\":\"MQ==\",\"value\":", "Line 1 has both a 'value' and a 'valueBase64'" },
        { "\"value\":", "\"tags\":[1],\"value\":", "Line 1 has no text in 'tags'" },
        { "\"value\":", "\"retracts\":\"yes\",\"value\":", "Line 1 has neither true nor false in 'retracts'" },
        { "\"value\":", "\"metadata\":[],\"value\":", "Line 1 has no object in 'metadata'" },
        { "\"value\":", "\"derivation\":{\"rule\":\"r\"},\"value\":", "Line 1 has no field 'derivation.version'" },
        { "\"value\":", "\"\\ud800\":1,\"value\":", "Line 1 has a name that is not valid UTF-8, or half of a surrogate pair" },
        { "\"value\":", "\"value\":1,\"value\":", "Line 1 is not JSON" },
        { "{", "[", "Line 1 is not JSON" },
    };

    [Theory]
    [MemberData(nameof(BadLines), DisableDiscoveryEnumeration = true)]
    public async Task A_bad_line_is_named_and_makes_no_ledger(string right, string wrong, string saying)
    {
        (await _source.RunAsync("append", "orders/1", "first", "1")).Ends(ExitCodes.Done);
        await using (var ledger = await Ledger.OpenAsync(_source.Ledger, cancellationToken: Cancel)) await ledger.AppendAsync([new NewFact("orders/2", "t", "1"), new NewFact("orders/2", "t", "2")], Cancel);
        var text = (await _source.RunAsync("export", "jsonl")).Ends(ExitCodes.Done).Output;
        var at = text.IndexOf(right, StringComparison.Ordinal);
        var bad = _directory.Write("bad", text[..at] + wrong + text[(at + right.Length)..]);
        var answer = (await _target.RunAsync("import", "jsonl", bad, "--exported")).Ends(ExitCodes.Refused);
        Assert.Contains(saying, answer.Error, StringComparison.Ordinal);
        Assert.True(!Directory.Exists(_target.Ledger) || (await FactsAsync(_target)).Count == 1);
    }

    [Fact]
    public async Task Metadata_without_room_for_the_origin_is_refused()
    {
        (await _source.RunAsync("append", "orders/1", "t", "1", "--metadata", $$"""{"text":"{{new string('x', 16_300)}}"}""")).Ends(ExitCodes.Done);
        var file = _directory.Write("all", (await _source.RunAsync("export", "jsonl")).Output);
        (await _target.RunAsync("import", "jsonl", file, "--exported")).Fails(ExitCodes.Refused, "Line 1: with the data of its origin, the metadata of orders/1 v1 has 16,5");
        Assert.False(Directory.Exists(_target.Ledger));
    }

    [Fact]
    public async Task Cells_and_blobs_are_exported_and_imported_and_a_second_import_adds_nothing()
    {
        byte[][] contents = [[], [1, 2, 3], .. new[] { 256 * 1_024, (256 * 1_024) + 1, 700_000 }.Select(static size => Enumerable.Range(0, size).Select(static i => (byte)(i * 7)).ToArray())];
        await using (var ledger = await Ledger.OpenAsync(_source.Ledger, cancellationToken: Cancel))
        {
            foreach (var content in contents)
            {
                var reference = await ledger.Blobs.PutAsync(content, "image/png", Cancel);
                await ledger.AppendAsync(new AppendRequest(new NewFact("photos/1", "added", JsonSerializer.Serialize(reference))) { Cells = [NewCell.Put("latest", $"{content.Length}", JsonSerializer.Serialize(reference))] }, Cancel);
            }

            await ledger.AppendAsync(new AppendRequest { Cells = [NewCell.Put("raw", "not text", new byte[] { 0xFF, 0, 1 }), NewCell.Put("latest", "deleted", "1")] }, Cancel);
            await ledger.AppendAsync(new AppendRequest { Cells = [NewCell.Delete("latest", "deleted")] }, Cancel);

            // A checkpoint is in a bucket of Factstone's own.
            var consumer = ledger.Consumer("mine", FactQuery.All);
            await foreach (var fact in consumer.FollowAsync(Cancel))
            {
                await consumer.CommitAsync(fact.Position, Cancel);
                break;
            }
        }

        var file = _directory.At("all.jsonl.gz");
        Assert.Contains("5 facts up to @5, 6 cells, 5 blobs in", (await _source.RunAsync("export", "jsonl", "--out", file)).Ends(ExitCodes.Done).Output, StringComparison.Ordinal);
        Assert.Contains("5 new batches with 5 facts, 0 known before, up to @5, 6 new cells, 5 new blobs;", (await _target.RunAsync("import", "jsonl", file, "--exported")).Ends(ExitCodes.Done).Output, StringComparison.Ordinal);
        Assert.Contains("0 new batches with 0 facts, 5 known before, up to @5; ", (await _target.RunAsync("import", "jsonl", file, "--exported")).Ends(ExitCodes.Done).Output, StringComparison.Ordinal);

        await using var copy = await Ledger.OpenAsync(_target.Ledger, cancellationToken: Cancel);
        foreach (var content in contents)
        {
            Assert.Equal(content, await copy.Blobs.ReadAsync(Cid.Of(content), cancellationToken: Cancel));
            Assert.Equal(JsonSerializer.Serialize(new BlobReference(Cid.Of(content), content.Length, "image/png")), (await copy.ReadCellAsync("latest", $"{content.Length}", Cancel))!.Text);
        }

        Assert.Equal([0xFF, 0, 1], (await copy.ReadCellAsync("raw", "not text", Cancel))!.Value.ToArray());
        Assert.Equal(["latest", "raw"], await copy.ListBucketsAsync(Cancel).ToListAsync(Cancel));
        Assert.Null(await copy.ReadCellAsync("latest", "deleted", Cancel));
    }

    [Fact]
    public async Task A_cell_that_has_another_value_is_named_and_kept()
    {
        (await _source.RunAsync("cell", "put", "settings/theme", "dark")).Ends(ExitCodes.Done);
        (await _target.RunAsync("cell", "put", "settings/theme", "light")).Ends(ExitCodes.Done);
        var file = _directory.Write("all", (await _source.RunAsync("export", "jsonl")).Output);
        (await _target.RunAsync("import", "jsonl", file, "--exported")).Fails(ExitCodes.Refused, "Line 1 has the cell settings/theme, which has another value in this ledger.");
        Assert.Equal("light", (await _target.RunAsync("cell", "get", "settings/theme", "--json")).Ends(ExitCodes.Done).Json[0].GetProperty("value").GetString());
    }

    [Theory]
    [InlineData(1, "Line 1 is not the next part of a blob.")]
    [InlineData(2, "Line 2 is not the next part of a blob.")]
    [InlineData(3, "After line 2, a part of the blob ")]
    public async Task A_blob_without_all_of_its_parts_is_not_stored(int without, string message)
    {
        (await _source.RunWithInputAsync(new byte[600_000], "blob", "put", "-")).Ends(ExitCodes.Done);
        var lines = (await _source.RunAsync("export", "jsonl")).Ends(ExitCodes.Done).Lines.ToList();
        Assert.Equal(3, lines.Count);
        lines.RemoveAt(without - 1);
        var file = _directory.Write("all", string.Join('\n', lines));
        (await _target.RunAsync("import", "jsonl", file, "--exported")).Fails(ExitCodes.Refused, message);
        (await _target.RunAsync("blob", "stat", Cid.Of(new byte[600_000]).ToString())).Fails(without == 1 ? ExitCodes.Failed : ExitCodes.NotFound, "");
    }

    [Theory]
    [InlineData("\"at\":0", "\"at\":-1", "no whole number")]
    [InlineData("\"size\":3", "\"size\":4", "After line 1, a part of the blob")]
    [InlineData("\"size\":3", "\"size\":2", "Line 1 is not the next part of a blob")]
    [InlineData("AQID", "AQIE", "is another one: bafkrei")]
    [InlineData("AQID", "A!", "no Base64 in 'contentBase64'")]
    [InlineData("bafkrei", "bafkrex", "no CID in 'blob'")]
    [InlineData("\"at\"", "\"of\"", "has a field 'of'")]
    public async Task A_bad_line_of_a_blob_is_named(string right, string wrong, string message)
    {
        (await _source.RunWithInputAsync(new byte[] { 1, 2, 3 }, "blob", "put", "-")).Ends(ExitCodes.Done);
        var line = (await _source.RunAsync("export", "jsonl")).Ends(ExitCodes.Done).Output;
        Assert.Contains(right, line, StringComparison.Ordinal);
        (await _target.RunAsync("import", "jsonl", _directory.Write("all", line.Replace(right, wrong, StringComparison.Ordinal)), "--exported")).Fails(ExitCodes.Refused, message);
    }

    [Fact]
    public async Task A_part_of_a_ledger_has_only_facts_and_it_is_said()
    {
        (await _source.RunAsync("append", "orders/1", "t", "1")).Ends(ExitCodes.Done);
        (await _source.RunAsync("cell", "put", "b/n", "1")).Ends(ExitCodes.Done);
        foreach (var part in new string[][] { ["store=orders"], ["--from", "@1"], ["--as-of", "@1"], ["--facts-only"] })
        {
            var export = (await _source.RunAsync(["export", "jsonl", .. part])).Ends(ExitCodes.Done);
            Assert.Single(export.Lines);
            Assert.Contains("cells were left out", export.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_file_that_is_there_is_not_overwritten_and_a_failed_one_does_not_stay()
    {
        await FillAsync();
        var file = _directory.Write("there", "mine");
        (await _source.RunAsync("export", "jsonl", "--out", file)).Fails(ExitCodes.Refused, "exists already");
        Assert.Equal("mine", await File.ReadAllTextAsync(file, Cancel));
        (await _source.RunAsync("export", "jsonl", "--out", _directory.At("no/such/directory"))).Fails(ExitCodes.Failed, "cannot be written");
        (await _source.RunAsync("export", "jsonl", "--out", "")).Fails(ExitCodes.Refused, "no name");
        (await _source.RunAsync("export", "jsonl", "store=")).Fails(ExitCodes.Refused, "");
        (await _source.RunAsync("export", "jsonl", "--from", "7")).Fails(ExitCodes.Refused, "not a position");
        (await _source.RunAsync("export", "jsonl", "--as-of", "@999")).Fails(ExitCodes.Refused, "is too high");
        (await new Cli(_directory, "none").RunAsync("export", "jsonl", "--out", _directory.At("none.jsonl"))).Fails(ExitCodes.Failed, "no ledger");
        Assert.Empty(Directory.GetFiles(_directory.Path, "*.part"));
        Assert.False(File.Exists(_directory.At("none.jsonl")));
        var export = (await _source.RunAsync("export", "jsonl", "--out", _directory.At("all"), "--json")).Ends(ExitCodes.Done).Json[0];
        Assert.Equal(["file", "facts", "cells", "blobs", "until"], export.EnumerateObject().Select(field => field.Name));
    }

    [Fact]
    public async Task An_export_of_a_damaged_ledger_has_the_rest_and_ends_with_5()
    {
        for (var i = 1; i <= 5; i++) (await _source.RunAsync("write", $"s/{i}", $"\"needle{i}\"")).Ends(ExitCodes.Done);
        var segment = Assert.Single(Directory.GetFiles(Path.Combine(_source.Ledger, "segments"), "*.log"));
        var bytes = File.ReadAllBytes(segment);
        bytes[bytes.AsSpan().IndexOf("needle3"u8)] ^= 1;
        File.WriteAllBytes(segment, bytes);
        var export = (await _source.RunAsync("export", "jsonl", "--json")).Ends(ExitCodes.Damaged);
        Assert.Equal([1L, 2L, 4L, 5L], export.Json.Select(line => line.GetProperty("position").GetInt64()));
    }

    async Task ImportAsync(string lines) => (await _target.RunWithInputAsync(Encoding.UTF8.GetBytes(lines), "import", "jsonl", "-", "--exported")).Ends(ExitCodes.Done);

    /// <summary>Appends batches to several streams, with every field of a fact and every kind of cause.</summary>
    async Task FillAsync()
    {
        await using var ledger = await Ledger.OpenAsync(_source.Ledger, cancellationToken: Cancel);
        await ledger.AppendAsync(
        [
            new NewFact("orders/1", "placed", """{"total": 50}""") { Tags = ["b", "a"] },
            new NewFact("orders/1", "paid", "null") { CausationIndex = 0 },
            new NewFact("orders/", null, "[1,2]") { SchemaVersion = 3, Correlation = "c é 🎈", Metadata = """{ "user" : "u1" }""" },
        ], Cancel);
        var first = (await ledger.ReadAtAsync(new Position(1), Cancel))!.Id;
        var receipt = await ledger.AppendAsync(new NewFact("orders/2", "bytes", new byte[] { 0, 255, 10 }) { ContentType = "application/x", Tags = ["b"], Causation = first, ValidFrom = DateTimeOffset.UnixEpoch.AddMicroseconds(1), ValidTo = DateTimeOffset.UnixEpoch.AddDays(1) }, Cancel);
        await ledger.AppendAsync(NewFact.WithoutPayload("orders/2", "empty") with { Metadata = "{}", Causation = (await ledger.ReadAtAsync(receipt.FirstPosition, Cancel))!.Id }, Cancel);
        await ledger.AppendAsync([NewFact.Retraction("orders/1"), new NewFact("notes/n", "t", "\"\\u0041\"") { Producer = """{"name":"p"}""", Derivation = new Derivation("r", 2, [first]) }], Cancel);
        await ledger.AppendAsync(new NewFact("orders/foreign", "t", "1e400") { Causation = Guid.Empty }, Cancel);
        for (var i = 0; i < 20; i++) await ledger.AppendAsync(new NewFact($"orders/{i % 3}", "t", i.ToString(CultureInfo.InvariantCulture)), Cancel);
    }

    static async Task<List<Fact>> FactsAsync(Cli cli)
    {
        await using var ledger = await Ledger.OpenReadOnlyAsync(cli.Ledger, cancellationToken: Cancel);
        return await ledger.ReadAsync(cancellationToken: Cancel).ToListAsync(Cancel);
    }

    static void Same(List<Fact> source, List<Fact> target)
    {
        Assert.Equal(source.Select(Text), target.Select(Text));
        Assert.Equal(Batches(source), Batches(target));
        foreach (var (from, to) in source.Zip(target))
        {
            var metadata = Metadata(to);
            Assert.Equal(from.Position.ToString(), metadata["factstone.origin.position"]);
            Assert.Equal(from.Id.ToString(), metadata["factstone.origin.id"]);
            Assert.Equal(from.RecordedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture), metadata["factstone.origin.recordedAt"]);
            Assert.True(Guid.TryParse(metadata["factstone.origin.ledger"], out _));
            foreach (var field in OriginFields) metadata.Remove($"factstone.origin.{field}");
            metadata.Remove("factstone.origin.cause");
            Assert.Equal(from.Metadata is null ? [] : Metadata(from), metadata);
        }
    }

    /// <summary>The number of facts in each append.</summary>
    static IEnumerable<int> Batches(List<Fact> facts) => facts.GroupBy(fact => fact.RecordedAt).Select(batch => batch.Count());

    static Dictionary<string, string> Metadata(Fact fact) => JsonSerializer.Deserialize<Dictionary<string, string>>(fact.Metadata!)!;

    static int Position(List<Fact> facts, StreamName stream) => facts.FindIndex(fact => fact.Stream == stream);

    static string Text(Fact fact) =>
        $"{fact.Stream} v{fact.StreamVersion} {fact.Type} [{string.Join(',', fact.Tags)}] {fact.ValidFrom} {fact.ValidTo} {fact.SchemaVersion} {fact.Correlation} {fact.Producer} {fact.Derivation?.Rule} {fact.Derivation?.Version} {string.Join(',', fact.Derivation?.Sources ?? [])} {fact.Retracts} {fact.ContentType} {Convert.ToHexString(fact.Payload.Span)}";
}
