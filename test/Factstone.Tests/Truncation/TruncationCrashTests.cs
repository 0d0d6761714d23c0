using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Backups;
using Factstone.Tests.Damage;
using Factstone.Tests.Repairs;

namespace Factstone.Tests.Truncation;

/// <summary>A truncation is there as a whole or not at all, wherever the process ends; and what backups and damage make of it.</summary>
public sealed class TruncationCrashTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Fault.PowerLoss)]
    [InlineData(Fault.ProcessKill)]
    [InlineData(Fault.Error)]
    [InlineData(Fault.NoSpace)]
    [InlineData(Fault.ShortWrite)]
    [InlineData(Fault.SyncFailureDroppingPages)]
    public async Task Stopped_at_any_input_or_output_it_is_whole_or_absent(Fault fault)
    {
        var (whole, absent) = (0, 0);
        for (var step = 1; ; step++)
        {
            var disk = new SimulatedDisk(step);
            var isAcknowledged = false;
            var ledger = await OpenAsync(disk);
            for (var i = 1; i <= 6; i++) await ledger.AppendAsync(new NewFact("orders/1", "noted", $"{i}"), Cancellation);
            disk.Faults.At(disk.IoCount + step, fault);
            try
            {
                await ledger.TruncateAsync("orders/1", 4, "crash", new() { Cells = [NewCell.Put("snapshots", "orders/1", "10")] }, Cancellation);
                isAcknowledged = true;
                ledger.Dispose();
            }
            catch (Exception stopped) when (stopped is MachineStoppedException or FactstoneException)
            {
                // The state is examined below.
            }

            var isUndisturbed = disk.FaultCounts.Values.Sum() == 0;
            disk.Faults.Clear();
            disk.LosePower();
            using var reopened = await OpenAsync(disk);
            var versions = (await reopened.ReadStreamAsync("orders/1", cancellationToken: Cancellation).ToListAsync(Cancellation)).Select(fact => fact.StreamVersion.Value).ToList();
            var isTruncated = await reopened.ListReceiptsAsync(cancellationToken: Cancellation).CountAsync(Cancellation) == 1;
            Assert.Equal(isTruncated ? [5, 6] : [1, 2, 3, 4, 5, 6], versions);
            Assert.Equal(isTruncated ? "10" : null, (await reopened.ReadCellAsync("snapshots", "orders/1", Cancellation))?.Text);
            Assert.True(isTruncated || !isAcknowledged, $"Operation {step}: an acknowledged truncation is lost.");
            (whole, absent) = isTruncated ? (whole + 1, absent) : (whole, absent + 1);
            if (isUndisturbed) break;
            Assert.True(step < 1_000);
        }

        // The ledger writes a refused group again, elsewhere. Only a crash leaves nothing of it.
        Assert.True(whole > 0 && (absent > 0 || fault is not (Fault.PowerLoss or Fault.ProcessKill)), $"{whole} whole, {absent} absent");
    }

    // The projection writes its snapshot before the truncation is appended, so it never needs what is dropped.
    [Theory]
    [InlineData(Fault.PowerLoss)]
    [InlineData(Fault.ProcessKill)]
    public async Task Stopped_at_any_input_or_output_a_kept_projection_goes_on(Fault fault)
    {
        var (whole, absent) = (0, 0);
        for (var step = 1; ; step++)
        {
            var disk = new SimulatedDisk(step);
            var ledger = await OpenAsync(disk, Numbers);
            for (var i = 1; i <= 6; i++) await ledger.AppendAsync(new NewFact("orders/1", "noted", $"{i}"), Cancellation);
            disk.Faults.At(disk.IoCount + step, fault);
            try
            {
                await ledger.TruncateAsync("orders/1", step % 2 == 0 ? null : 4, "crash", cancellationToken: Cancellation);
                await ledger.DisposeAsync();
            }
            catch (Exception stopped) when (stopped is MachineStoppedException or FactstoneException)
            {
                // The state is examined below.
            }

            var isUndisturbed = disk.FaultCounts.Values.Sum() == 0;
            disk.Faults.Clear();
            disk.LosePower();
            await using var reopened = await OpenAsync(disk, Numbers);
            var isTruncated = await reopened.ListReceiptsAsync(cancellationToken: Cancellation).AnyAsync(Cancellation);
            var read = await reopened.ReadProjectionAsync(Numbers, cancellationToken: Cancellation);
            Assert.Equal((123_456, isTruncated ? 7 : 6), (read.State, (int)read.Position.Value));
            (whole, absent) = isTruncated ? (whole + 1, absent) : (whole, absent + 1);
            if (isUndisturbed) break;
            Assert.True(step < 1_000);
        }

        Assert.True(whole > 0 && absent > 0, $"{whole} whole, {absent} absent");
    }

    static readonly Projection<long> Numbers = new()
    {
        Name = "numbers",
        Source = FactQuery.Store("orders"),
        Seed = 0,
        Step = static (state, fact) => (state * 10) + long.Parse(fact.Json!, System.Globalization.CultureInfo.InvariantCulture),
        Json = Projections.TallyJson.Default.Int64,
    };

    static async Task<Ledger> OpenAsync(SimulatedDisk disk, Projection? inline = null) => await disk.OpenLedgerAsync(
        new LedgerOptions
        {
            Scheduler = new InlineScheduler(),
            TimeProvider = new ManualTimeProvider(),
            SegmentSizeBytes = StorageOptions.SegmentSizeBytesMin,
            LockWait = TimeSpan.Zero,
            MemoryFactsMax = 4,
            InlineProjections = inline is null ? [] : [inline],
            ProjectionLimits = new ProjectionLimits { IsManual = true },
        },
        Cancellation);

    [Fact]
    public async Task A_backup_from_before_brings_the_facts_back_and_one_from_after_does_not()
    {
        using var test = new TruncatedLedger();
        await test.AppendAsync("orders/1", 6);
        Backup.Make(test.Files, target: "before");
        await test.Ledger.TruncateAsync("orders/1", 4, "retention", cancellationToken: Cancellation);
        Backup.Make(test.Files, target: "after");
        test.Ledger.Dispose();

        Backup.Restore(test.Files, "before", "restored-before");
        using (var ledger = Backup.Open(test.Files, "restored-before"))
        {
            Assert.Equal(6, (await ledger.ReadStreamAsync("orders/1", cancellationToken: Cancellation).ToListAsync(Cancellation)).Count);
            Assert.Equal(["restored"], (await ledger.ListReceiptsAsync(cancellationToken: Cancellation).ToListAsync(Cancellation)).Select(receipt => receipt.Kind));

            // The operator truncates again.
            await ledger.TruncateAsync("orders/1", 4, "retention, again after the restore", cancellationToken: Cancellation);
            Assert.Equal(2, (await ledger.ReadStreamAsync("orders/1", cancellationToken: Cancellation).ToListAsync(Cancellation)).Count);
        }

        Backup.Restore(test.Files, "after", "restored-after");
        using (var ledger = Backup.Open(test.Files, "restored-after"))
        {
            Assert.Equal([5, 6], (await ledger.ReadStreamAsync("orders/1", cancellationToken: Cancellation).ToListAsync(Cancellation)).Select(fact => fact.StreamVersion.Value));
            Assert.Equal(["truncated", "restored"], (await ledger.ListReceiptsAsync(cancellationToken: Cancellation).ToListAsync(Cancellation)).Select(receipt => receipt.Kind));
        }

        Assert.Empty(Backup.Verify(test.Files, "restored-after").Damage);
    }

    // The value of the cell is damaged, and a repair takes it away. The receipt still says what was dropped.
    [Fact]
    public async Task A_repair_that_loses_the_cell_of_a_truncation_does_not_bring_the_facts_back()
    {
        using var test = new TruncatedLedger();
        await test.AppendAsync("orders/1", 6);
        await test.Ledger.TruncateAsync("orders/1", 4, "retention", cancellationToken: Cancellation);
        await test.AppendAsync("orders/1", 1);
        test.Ledger.Dispose();
        foreach (var name in test.Files.List("ledger/index")) test.Files.Delete($"ledger/index/{name}");
        Damage(test.Files, "\"lastPosition\":4}");

        var report = Repair.Run(test.Files, cancellationToken: Cancellation);
        Assert.Equal("$truncated/orders/1", Assert.Single(report.LostCells).Cell.ToString());
        using var ledger = SmallLedger.Open(test.Files);
        Assert.Equal([5, 6, 7], (await ledger.ReadStreamAsync("orders/1", cancellationToken: Cancellation).ToListAsync(Cancellation)).Select(fact => fact.StreamVersion.Value));
        Assert.IsType<AppendOutcome.Committed>(await ledger.TryAppendAsync(new AppendRequest(new NewFact("x/1", "y", "1")) { Conditions = [AppendCondition.RecordAt("orders/1", 7)] }, Cancellation));

        await ledger.TruncateAsync("orders/1", 6, "again", cancellationToken: Cancellation);
        Assert.Equal([7], (await ledger.ReadStreamAsync("orders/1", cancellationToken: Cancellation).ToListAsync(Cancellation)).Select(fact => fact.StreamVersion.Value));
    }

    /// <summary>Changes the first byte of a text in the log.</summary>
    static void Damage(MemoryFileSystem files, string text)
    {
        var path = Assert.Single(files.Paths, path => path.EndsWith(".log", StringComparison.Ordinal));
        using var file = files.Open(path, FileOpening.Existing);
        var bytes = new byte[file.Length];
        file.Read(bytes, 0);
        var at = bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(text));
        Assert.True(at > 0);
        file.Write("#"u8, at);
    }

    [Fact]
    public async Task A_ledger_without_truncations_looks_nothing_up()
    {
        using var test = new TruncatedLedger(memoryFactsMax: 4);
        await test.AppendAsync("orders/1", 20);
        test.Reopen();
        Assert.False(((FileStorage)test.Ledger.Storage).Index.MayHaveTruncations);
        await test.Ledger.TruncateAsync("orders/1", 1, "first", cancellationToken: Cancellation);
        Assert.True(((FileStorage)test.Ledger.Storage).Index.MayHaveTruncations);
        await test.AppendAsync("orders/1", 20);
        test.Reopen();
        Assert.True(((FileStorage)test.Ledger.Storage).Index.MayHaveTruncations);
        using var reader = SmallLedger.OpenReadOnly(test.Files);
        Assert.True(((FileStorage)reader.Storage).Index.MayHaveTruncations);
    }
}
