using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Golden;

/// <summary>Every later version reads a ledger that was written in an older format.</summary>
public sealed class FrozenFormatTests
{
    static string Fixture(string format) => Path.Combine(AppContext.BaseDirectory, "Golden", format);

    // If this test fails, the format on disk has changed. Raise the format version, keep reading this one, and add a
    // fixture beside this one; do not replace its files. The one other reason is that a new ledger draws its random
    // numbers in another order: then the fixture still opens (see below), and only this comparison gets a new directory.
    [Theory]
    [InlineData("format-2")]
    [InlineData("format-2-cells")]
    [InlineData("format-2-truncated")]
    public async Task The_bytes_that_are_written_are_those_of_format_2(string format)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var files = format == "format-2-truncated" ? await GoldenLedger.WriteTruncatedAsync(cancellation) : await GoldenLedger.WriteAsync(withCells: format == "format-2-cells", cancellation);

        foreach (var name in GoldenLedger.Files)
        {
            var frozen = await File.ReadAllBytesAsync(Path.Combine(Fixture(format), name), TestContext.Current.CancellationToken);
            Assert.Equal(Convert.ToHexString(frozen.AsSpan().TrimEnd((byte)0)), Convert.ToHexString(GoldenLedger.Bytes(files, name)));
        }
    }

    // If this test fails, ledgers that users have can no longer be read. Repair the reader. The expectations below are what was appended
    // when the files were written, and never change.
    [Theory]
    [InlineData("format-1")]
    [InlineData("format-2")]
    public async Task A_ledger_of_an_earlier_format_holds_exactly_what_was_appended(string format)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var copy = new FixtureCopy(Fixture(format));
        Assert.Empty((await Ledger.VerifyAsync(copy.Path, cancellationToken: cancellation)).Damage);

        await using (var reading = await Ledger.OpenReadOnlyAsync(copy.Path, cancellationToken: cancellation))
            await HoldsWhatWasAppended(reading);

        await using (var ledger = await Ledger.OpenAsync(copy.Path, cancellationToken: cancellation))
        {
            Assert.True(ledger.Opening.WasClosedCleanly);
            await HoldsWhatWasAppended(ledger);
            Assert.Equal(6, (await ledger.AppendAsync(NewFact.WithoutPayload("orders/42", "again"), cancellation)).FirstPosition.Value);
            Assert.IsType<AppendOutcome.AppendIdReused>(await ledger.TryAppendAsync(new AppendRequest(NewFact.WithoutPayload("a/b", "c")) { AppendId = "golden-1" }, cancellation));
        }

        await using var again = await Ledger.OpenAsync(copy.Path, cancellationToken: cancellation);
        Assert.Equal(4, (await again.GetVersionAsync("orders/42", cancellationToken: cancellation)).Value);
    }

    [Fact]
    public async Task A_ledger_of_format_2_holds_exactly_the_cells_that_were_put()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var copy = new FixtureCopy(Fixture("format-2-cells"));
        Assert.Empty((await Ledger.VerifyAsync(copy.Path, cancellationToken: cancellation)).Damage);
        await using (var reading = await Ledger.OpenReadOnlyAsync(copy.Path, cancellationToken: cancellation)) await HoldsTheCells(reading);
        await using (var ledger = await Ledger.OpenAsync(copy.Path, cancellationToken: cancellation))
        {
            await HoldsTheCells(ledger);
            var receipt = await ledger.AppendAsync(new AppendRequest { Cells = [NewCell.Put("state", "", "x")], Conditions = [AppendCondition.CellEquals("settings", "theme", "\"light\"")] }, cancellation);
            Assert.Equal("state/ v3", Assert.Single(receipt.CellVersions).ToString());
        }
    }

    [Fact]
    public async Task A_truncated_ledger_of_format_2_holds_exactly_what_was_not_dropped()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var copy = new FixtureCopy(Fixture("format-2-truncated"));
        Assert.Empty((await Ledger.VerifyAsync(copy.Path, cancellationToken: cancellation)).Damage);
        await using (var reading = await Ledger.OpenReadOnlyAsync(copy.Path, cancellationToken: cancellation)) await HoldsWhatWasNotDropped(reading);
        await using var ledger = await Ledger.OpenAsync(copy.Path, cancellationToken: cancellation);
        await HoldsWhatWasNotDropped(ledger);
        Assert.Equal((3, 1), await ledger.DeleteAsync("orders/42", "again", cancellationToken: cancellation) is var deleted ? (deleted.Through.Value, deleted.Facts) : default);
    }

    static async Task HoldsWhatWasNotDropped(Ledger ledger)
    {
        var cancellation = TestContext.Current.CancellationToken;
        Assert.Equal(
            ["@4 blobs/x v1", "@5 orders/42 v3 cancelled", "@8 books/ v2 é"],
            (await ledger.ReadAsync(cancellationToken: cancellation).ToListAsync(cancellation)).Select(static fact => $"{fact}"));
        var receipts = await ledger.ListReceiptsAsync(cancellationToken: cancellation).Select(static receipt => receipt.Truncation!).ToListAsync(cancellation);
        Assert.Equal(
            new TruncationReceipt { Stream = "orders/42", FirstVersion = 1, Through = 2, Facts = 2, FirstPosition = new(1), LastPosition = new(2), IsDelete = false, Reason = "golden", By = "test", Head = new(5), Position = new(6) },
            receipts[0]);
        Assert.Equal(
            new TruncationReceipt { Stream = "books/", FirstVersion = 1, Through = 1, Facts = 1, FirstPosition = new(3), LastPosition = new(3), IsDelete = true, Reason = "golden", Head = new(6), Position = new(7) },
            receipts[1]);
        Assert.Equal(["books/", "orders/42"], await ledger.ListCellNamesAsync("$truncated", cancellationToken: cancellation).Select(static cell => cell.Name).ToListAsync(cancellation));
        Assert.Equal("""{"format":1,"stream":"orders/42","through":2,"lastPosition":2}""", (await ledger.ReadCellAsync("$truncated", "orders/42", cancellation))!.Text);
        Assert.Equal("2", (await ledger.ReadCellAsync("snapshots", "orders/42", cancellation))!.Text);
    }

    // If this test fails, the content of a run has changed. Raise the run's
    // format, so that existing runs are rebuilt, and add a file beside these.
    [Theory]
    [InlineData("run-4", GoldenLedger.Run)]
    [InlineData("run-4-cells", GoldenLedger.RunOfCells)]
    public async Task The_bytes_of_a_run_are_those_of_its_format_4(string frozen, string run)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var files = run == GoldenLedger.Run ? await GoldenLedger.WriteAsync(withCells: true, cancellation) : await GoldenLedger.WriteCellsAsync(cancellation);

        Assert.Equal(Convert.ToHexString(await File.ReadAllBytesAsync(Path.Combine(Fixture("runs"), frozen), cancellation)), Convert.ToHexString(GoldenLedger.Bytes(files, run)));
    }

    [Theory]
    [InlineData("run-1", true)]
    [InlineData("run-2", true)]
    [InlineData("run-3", true)]
    [InlineData("run-4", false)]
    public async Task A_run_of_an_earlier_format_is_made_again_and_one_of_this_is_used(string run, bool isMadeAgain)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var copy = new FixtureCopy(Fixture("format-2-cells"));
        var path = Path.Combine(copy.Path, GoldenLedger.Run);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Copy(Path.Combine(Fixture("runs"), run), path);
        var written = await File.ReadAllBytesAsync(path, cancellation);

        await using (var reading = await Ledger.OpenReadOnlyAsync(copy.Path, cancellationToken: cancellation)) await HoldsTheCells(reading);
        await using (var ledger = await Ledger.OpenAsync(copy.Path, cancellationToken: cancellation))
        {
            await HoldsTheCells(ledger);
            Assert.Equal(3, (await ledger.ReadStreamAsync("orders/42", cancellationToken: cancellation).ToListAsync(cancellation)).Count);
        }

        var report = await Ledger.VerifyAsync(copy.Path, new VerifyOptions { Deep = true }, cancellationToken: cancellation);
        Assert.Empty(report.Damage);
        Assert.Equal(1, report.RunsCompared);
        Assert.Equal(isMadeAgain, Convert.ToHexString(written) != Convert.ToHexString(await File.ReadAllBytesAsync(path, cancellation)));
    }

    // The ledger of format-2-cells after damage to the third fact's payload and a repair.
    [Fact]
    public async Task A_repaired_ledger_of_format_2_says_what_is_left_and_what_is_gone()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var copy = new FixtureCopy(Fixture("format-2-repaired"), ["HEAD", "MANIFEST", "segments/00000000000000000001.000002.log", "segments/00000000000000000007.000001.log"]);
        Assert.Empty((await Ledger.VerifyAsync(copy.Path, cancellationToken: cancellation)).Damage);
        for (var i = 0; i < 2; i++)
        {
            await using var ledger = await Ledger.OpenAsync(copy.Path, cancellationToken: cancellation);
            Assert.Empty(ledger.Damage);
            Assert.Equal(2, ledger.Epoch);
            Assert.Equal([1, 2, 4, 5, 6], (await ledger.ReadAsync(cancellationToken: cancellation).ToListAsync(cancellation)).Select(fact => fact.Position.Value).Take(5));
            Assert.Null(await ledger.ReadAtAsync(new Position(3), cancellation));
            Assert.Equal("theme v2", string.Join(' ', (await ledger.ListCellsAsync("settings", cancellationToken: cancellation).ToListAsync(cancellation)).Take(1).Select(cell => $"{cell.Name} v{cell.Version}")));
            Assert.Equal(2 + i, (await ledger.AppendAsync(NewFact.WithoutPayload("books/", "next"), cancellation)).Versions[0].Version.Value);
            Assert.NotNull(await ledger.FindAppendAsync("golden-1", cancellation));
            var receipt = Assert.Single(await ledger.ReadStreamAsync("$receipts/repair", cancellationToken: cancellation).ToListAsync(cancellation));
            Assert.Equal((7, 1), (receipt.Position.Value, receipt.StreamVersion.Value));
            Assert.Equal(2, Assert.Throws<LedgerForkedException>(() => ledger.Resolve(new LedgerCursor(ledger.Id, 1, new Position(3)))).LastCommonPosition.Value);
            File.Delete(Path.Combine(copy.Path, "MANIFEST"));
        }
    }

    // If this test fails, the format of a backup has changed. Raise BackupFormat.Format, keep reading this one, and add a
    // fixture beside this one; do not replace its files.
    [Fact]
    public async Task A_backup_has_the_bytes_of_format_1_and_is_read_and_restored()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var files = await GoldenLedger.WriteAsync(withCells: true, cancellation);
        var options = new BackupOptions { FileSystem = files, TimeProvider = new ManualTimeProvider(GoldenLedger.Begin.AddDays(1)) };
        await Ledger.BackupAsync("ledger", "backup", options, cancellationToken: cancellation);
        string[] names = ["BACKUP", "segments/00000000000000000001.000001.log"];
        foreach (var name in names)
        {
            var frozen = await File.ReadAllBytesAsync(Path.Combine(Fixture("backup-1"), name), cancellation);
            Assert.Equal(Convert.ToHexString(frozen), Convert.ToHexString(files.ReadWhole($"backup/{name}")));
        }

        using var copy = new FixtureCopy(Fixture("backup-1"), names);
        Assert.Empty((await Ledger.VerifyAsync(copy.Path, cancellationToken: cancellation)).Damage);
        await using (var reading = await Ledger.OpenReadOnlyAsync(copy.Path, cancellationToken: cancellation)) await HoldsTheCells(reading);
        var restored = Path.Combine(copy.Path, "..", $"{Path.GetFileName(copy.Path)}-restored");
        try
        {
            var report = await Ledger.RestoreAsync(copy.Path, restored, cancellationToken: cancellation);
            Assert.Equal((6, 2, GoldenLedger.Begin.AddDays(1)), (report.LastCommonPosition.Value, report.Epoch, report.BackedUpAt));
            await using var ledger = await Ledger.OpenAsync(restored, cancellationToken: cancellation);
            Assert.Equal("\"light\"", System.Text.Encoding.UTF8.GetString((await ledger.ReadCellAsync("settings", "theme", cancellation))!.Value.Span));
        }
        finally
        {
            Directory.Delete(restored, recursive: true);
        }
    }

    static async Task HoldsTheCells(Ledger ledger)
    {
        var cancellation = TestContext.Current.CancellationToken;
        Assert.Equal(6, (await ledger.GetHeadAsync(cancellation)).Value);
        var settings = await ledger.ListCellsAsync("settings", cancellationToken: cancellation).ToListAsync(cancellation);
        Assert.Equal([("theme", 2, "226C6967687422", GoldenLedger.Begin.AddSeconds(5)), ("é/x", 1, "0001FF", GoldenLedger.Begin.AddSeconds(4))],
            settings.Select(cell => (cell.Name, (int)cell.Version.Value, Convert.ToHexString(cell.Value.Span), cell.RecordedAt)));
        Assert.Null(await ledger.ReadCellAsync("state", "", cancellation));
        var receipt = await ledger.FindAppendAsync("golden-cells", cancellation);
        Assert.Equal((5, 0, "settings/theme v1 settings/é/x v1 state/ v1"), ((int)receipt!.LastPosition.Value, (int)receipt.Count, string.Join(' ', receipt.CellVersions)));
    }

    [Fact]
    public async Task A_ledger_of_format_1_goes_on_in_segments_of_format_2()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var copy = new FixtureCopy(Fixture("format-1"));
        var options = new LedgerOptions { SegmentSizeBytes = StorageOptions.SegmentSizeBytesMin };
        await using (var ledger = await Ledger.OpenAsync(copy.Path, options, cancellation))
            for (var i = 0; i < 10; i++) await ledger.AppendAsync(new NewFact("orders/43", "large", $"\"{new string('x', 12_000)}\""), cancellation);

        var manifest = new ManifestFile(new DiskFileSystem(), new LedgerLayout(copy.Path));
        Assert.Equal([1, 2], manifest.Read()!.Segments.Select(segment => segment.Format).Distinct());
        File.Delete(Path.Combine(copy.Path, "MANIFEST"));

        await using var again = await Ledger.OpenAsync(copy.Path, options, cancellation);
        Assert.True(again.Opening.ManifestWasRebuilt);
        Assert.Equal(15, (await again.GetHeadAsync(cancellation)).Value);
        Assert.Equal(10, (await again.GetVersionAsync("orders/43", cancellationToken: cancellation)).Value);
        Assert.Equal([1, 2], manifest.Read()!.Segments.Select(segment => segment.Format).Distinct());
        Assert.Empty((await Ledger.VerifyAsync(copy.Path, cancellationToken: cancellation)).Damage);
    }

    static async Task HoldsWhatWasAppended(Ledger ledger)
    {
        var cancellation = TestContext.Current.CancellationToken;
        Assert.Empty(ledger.Damage);
        Assert.Equal("46d08682-4097-e4a3-95cf-ff46699c73c4", ledger.Id.Value.ToString());
        Assert.Equal(1, ledger.Epoch);
        var facts = await ledger.ReadAsync(cancellationToken: cancellation).ToListAsync(cancellation);
        Assert.Equal(5, facts.Count);

        Assert.Equal(("orders/42", 1, "placed", """{"total":50}"""), (facts[0].Stream.ToString(), facts[0].StreamVersion.Value, facts[0].Type, facts[0].Json));
        Assert.Equal(GoldenLedger.Begin.AddSeconds(1), facts[0].RecordedAt);
        Assert.Equal(("orders/42", 2, "paid", "true"), (facts[1].Stream.ToString(), facts[1].StreamVersion.Value, facts[1].Type, facts[1].Json));
        Assert.Equal(facts[0].Id, facts[1].Causation);
        Assert.Equal(["a", "course:c1"], facts[1].Tags);

        var book = facts[2];
        Assert.Equal(("books/", 1, "é", "[1, 2]"), (book.Stream.ToString(), book.StreamVersion.Value, book.Type, book.Json));
        Assert.Equal((GoldenLedger.Begin.AddDays(-1), GoldenLedger.Begin.AddDays(1)), (book.ValidFrom, book.ValidTo));
        Assert.Equal((3, "trace", """{"name":"golden"}""", """{"user":"u1"}"""), (book.SchemaVersion, book.Correlation, book.Producer, book.Metadata));
        Assert.Equal(("sum", 2, facts[0].Id), (book.Derivation!.Rule, book.Derivation.Version, Assert.Single(book.Derivation.Sources)));
        Assert.Equal(GoldenLedger.Begin.AddSeconds(2), book.RecordedAt);

        Assert.Equal(("blobs/x", null, "application/octet-stream", "0001FF"), (facts[3].Stream.ToString(), facts[3].Type, facts[3].ContentType, Convert.ToHexString(facts[3].Payload.Span)));
        Assert.Equal(("orders/42", 3, "cancelled", true, 0), (facts[4].Stream.ToString(), facts[4].StreamVersion.Value, facts[4].Type, facts[4].Retracts, facts[4].Payload.Length));
        Assert.Null(await ledger.ReadLatestAsync("orders/42", cancellationToken: cancellation));
        Assert.Equal(2, (await ledger.FindAppendAsync("golden-1", cancellation))!.Count);

        // Proofs will be built from leaves, so they are frozen with the bytes.
        Assert.Equal(
            "A8F42C3F0A4CC94A 58932302BF1B53A5 125516FDAD53F957 ACB45C6BA0D0F55B A09D4AE29D288415",
            string.Join(' ', facts.Select(fact => Convert.ToHexString(fact.Leaf().AsSpan(0, 8)))));
    }
}
