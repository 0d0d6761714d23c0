namespace Factstone.Tests.Processes;

/// <summary>
/// A real file system becomes full and gets room again. Meanwhile appends
/// are refused with a typed error, and reads continue. No reopen is needed.
/// </summary>
public sealed class FullDiskTests
{
    const int Megabytes = 24;
    const string Filler = "filler";

    /// <summary>
    /// With small segments, the disk becomes full where the next segment would
    /// begin. With large ones, it becomes full within a preallocated segment.
    /// </summary>
    public static readonly TheoryData<long> SegmentSizes = [64 * 1_024, 128 * 1_024 * 1_024];

    [Theory]
    [MemberData(nameof(SegmentSizes))]
    public async Task Appends_are_refused_while_the_disk_is_full_and_work_again_without_a_reopen(long segmentSizeBytes)
    {
        using var disk = LoopDisk.New(Megabytes);
        await using var ledger = await OpenAsync(disk, segmentSizeBytes);
        var appended = await AppendAsync(ledger, 40);
        for (var round = 0; round < 3; round++)
        {
            disk.Fill(Filler);
            appended += await AppendUntilFullAsync(ledger);
            await IsRefusedAndReadableAsync(disk, ledger, appended);

            disk.Free(Filler);
            appended += await AppendAsync(ledger, 40);
            await HoldsAsync(ledger, appended);
        }

        await ledger.DisposeAsync();
        await ReopensAsync(disk, segmentSizeBytes, appended);
    }

    // A clean close releases the preallocated space, so the disk is filled again before the open.
    [Theory]
    [MemberData(nameof(SegmentSizes))]
    public async Task A_ledger_that_was_closed_opens_on_a_full_disk(long segmentSizeBytes)
    {
        using var disk = LoopDisk.New(Megabytes);
        long appended;
        await using (var ledger = await OpenAsync(disk, segmentSizeBytes))
        {
            appended = await AppendAsync(ledger, 40);
            disk.Fill(Filler);
            appended += await AppendUntilFullAsync(ledger);
        }

        disk.Fill(Filler);
        await using (var ledger = await OpenAsync(disk, segmentSizeBytes))
        {
            Assert.True(ledger.Opening.WasClosedCleanly);
            appended += await AppendUntilFullAsync(ledger);
            await IsRefusedAndReadableAsync(disk, ledger, appended);
            disk.Free(Filler);
            appended += await AppendAsync(ledger, 40);
            await HoldsAsync(ledger, appended);
        }

        await ReopensAsync(disk, segmentSizeBytes, appended);
    }

    // Recovery has no room to write the last group again. The ledger can be read
    // as it was, and the first append that finds room completes the recovery.
    [Theory]
    [MemberData(nameof(SegmentSizes))]
    public async Task A_ledger_whose_writer_was_killed_opens_on_a_full_disk(long segmentSizeBytes)
    {
        for (var round = 0; round < Math.Min(Rounds.Or(3), 10); round++)
        {
            using var disk = LoopDisk.New(Megabytes);
            using var child = new ChildProcess("append", Directory(disk), "--segment", $"{segmentSizeBytes}", "--callers", "3");
            child.WaitForAppends(50);
            disk.Fill(Filler);
            if (segmentSizeBytes < 1_024 * 1_024) child.WaitFor(line => line.StartsWith("full", StringComparison.Ordinal));
            child.Kill();
            disk.Fill(Filler);

            await using (var ledger = await OpenAsync(disk, segmentSizeBytes))
            {
                Assert.True(ledger.Opening.RecoveryIsPending);
                await LoadCheck.HoldsAsync(ledger, child.Acknowledged);
                await RefusesAsync(ledger);
                await using (var reading = await Ledger.OpenReadOnlyAsync(Directory(disk), cancellationToken: Cancellation))
                    await LoadCheck.HoldsAsync(reading, child.Acknowledged);

                disk.Free(Filler);
                await AppendLoadAsync(ledger);
                await LoadCheck.HoldsAsync(ledger, child.Acknowledged);
            }

            await using var again = await OpenAsync(disk, segmentSizeBytes);
            Assert.True(again.Opening.WasClosedCleanly);
            await LoadCheck.HoldsAsync(again, child.Acknowledged);
        }
    }

    [Fact]
    public async Task A_ledger_cannot_begin_on_a_full_disk_and_can_when_there_is_room()
    {
        using var disk = LoopDisk.New(Megabytes);
        disk.Fill(Filler);

        await Assert.ThrowsAsync<LedgerFullException>(async () => await OpenAsync(disk, 64 * 1_024));

        disk.Free(Filler);
        await using (var ledger = await OpenAsync(disk, 64 * 1_024)) Assert.Equal(40, await AppendAsync(ledger, 40));
        await ReopensAsync(disk, 64 * 1_024, 40);
    }

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static string Directory(LoopDisk disk) => Path.Combine(disk.MountPoint, "ledger");

    static ValueTask<Ledger> OpenAsync(LoopDisk disk, long segmentSizeBytes) =>
        Ledger.OpenAsync(Directory(disk), new LedgerOptions { SegmentSizeBytes = segmentSizeBytes, PreallocationBytesMax = 2 * 1_024 * 1_024 }, Cancellation);

    static NewFact Fact(long position) => new("orders/1", "placed", $$"""{"n":{{position}},"pad":"{{new string('x', 5_000)}}"}""");

    static async Task<long> AppendAsync(Ledger ledger, int count)
    {
        for (var i = 0; i < count; i++)
            await ledger.AppendAsync(Fact((await ledger.GetHeadAsync(Cancellation)).Value + 1), Cancellation);
        return count;
    }

    /// <summary>Returns the number of appends before one was refused.</summary>
    static async Task<long> AppendUntilFullAsync(Ledger ledger)
    {
        for (var count = 0L; ; count++)
        {
            Assert.True(count < Megabytes * 1_024, "The disk does not run full.");
            try
            {
                await AppendAsync(ledger, 1);
            }
            catch (LedgerFullException)
            {
                return count;
            }
        }
    }

    static async Task IsRefusedAndReadableAsync(LoopDisk disk, Ledger ledger, long appended)
    {
        await RefusesAsync(ledger);
        await HoldsAsync(ledger, appended);
        await using var reading = await Ledger.OpenReadOnlyAsync(Directory(disk), cancellationToken: Cancellation);
        await HoldsAsync(reading, appended);
    }

    static async Task RefusesAsync(Ledger ledger)
    {
        // The attempts include a smaller fact than the refused one and a larger
        // one. They are repeated, because each may leave something behind.
        var head = await ledger.GetHeadAsync(Cancellation);
        for (var i = 0; i < 40; i++)
        {
            var refused = await Assert.ThrowsAsync<LedgerFullException>(async () => await ledger.AppendAsync(new NewFact("orders/1", "placed", $"\"{new string('y', 60_000)}\""), Cancellation));
                Assert.True(refused.IsTransient);
        }

        Assert.Equal(head, await ledger.GetHeadAsync(Cancellation));
    }

    static async Task AppendLoadAsync(Ledger ledger)
    {
        var session = (await ledger.GetHeadAsync(Cancellation)).Value;
        for (var number = 0; number < 20; number++) await ledger.AppendAsync(new Child.Load(session, 99, number).Request(), Cancellation);
    }

    static async Task HoldsAsync(Ledger ledger, long appended)
    {
        Assert.Empty(ledger.Damage);
        Assert.Equal(appended, (await ledger.GetHeadAsync(Cancellation)).Value);
        await foreach (var fact in ledger.ReadAsync(cancellationToken: Cancellation)) Assert.Equal(Fact(fact.Position.Value).Payload, fact.Payload);
    }

    static async Task ReopensAsync(LoopDisk disk, long segmentSizeBytes, long appended)
    {
        await using (var again = await OpenAsync(disk, segmentSizeBytes))
        {
            Assert.True(again.Opening.WasClosedCleanly);
            await HoldsAsync(again, appended);
        }

        Assert.Empty((await Ledger.VerifyAsync(Directory(disk), cancellationToken: Cancellation)).Damage);
    }
}
