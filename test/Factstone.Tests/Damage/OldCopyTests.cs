using Factstone.Storage;

namespace Factstone.Tests.Damage;

/// <summary>An old copy of some files of a ledger is put back, or a file is lost.</summary>
public sealed class OldCopyTests
{
    // HEAD and MANIFEST of an older copy were put back. Neither listed the second segment, so it was taken for the remains of a crash.
    // Verify reported no damage. The next append removed the segment with the acknowledged facts in it and assigned their positions again.
    [Fact]
    public void An_older_manifest_and_head_do_not_lose_the_segments_that_came_since()
    {
        var ledger = AgedLedger.Create(1);
        var files = ledger.At(AgedLedger.Now).Clone();
        foreach (var name in (string[])["HEAD", "MANIFEST"]) Put(files, name, ledger.At(8));
        Assert.Equal(5, files.Paths.Count(LedgerLayout.IsSegment));

        var report = Verify(files);
        Assert.Equal((LedgerState.NeedsRecovery, 8L, AgedLedger.Now - 8L), (report.State, report.Head.Value, report.RecoverableFacts));
        using (var writing = SmallLedger.Open(AgedLedger.Options(files, AgedLedger.End + 1, seed: 5)))
        {
            Assert.Empty(writing.Damage);
            Assert.Equal(AgedLedger.Now + 1, AgedLedger.Append(writing, AgedLedger.Now + 1).FirstPosition.Value);
        }

        Assert.Equal(LedgerState.Whole, Verify(files).State);
        var facts = SmallLedger.FactsOf(files);
        for (var i = 0; i < AgedLedger.Now; i++) LedgerAnswers.Same(ledger.Facts[i], facts[i]);
    }

    // An older copy of the whole directory was put over the newer one, which left a run of the later state in place. The open trusted that
    // run, and the next append was committed after a hole.
    [Fact]
    public void An_older_copy_put_over_a_newer_ledger_leaves_no_hole()
    {
        var ledger = AgedLedger.Create(1);
        var older = ledger.At(AgedLedger.ClosedEarlyAt);
        var files = ledger.At(AgedLedger.Now).Clone();
        foreach (var path in older.Paths) files.Replace(path, older.ReadWhole(path));
        foreach (var segment in files.Paths.Where(LedgerLayout.IsSegment).Except(older.Paths).ToList()) files.Delete(segment);

        foreach (var reading in (bool[])[true, false])
        {
            using var opened = reading ? SmallLedger.OpenReadOnly(files) : SmallLedger.Open(files);
            Assert.Contains(opened.Damage, one => one.FirstPosition.Value == AgedLedger.ClosedEarlyAt + 1 && one.LastPosition.Value == AgedLedger.Now && one.File.EndsWith(".run", StringComparison.Ordinal));
            Refuses(opened);
        }

        var report = LedgerRepair.Run(files, SmallLedger.Root, AgedLedger.Options(files, 80, seed: 6).ToStorageOptions(), isDryRun: false, progress: null, TestContext.Current.CancellationToken);
        Assert.Equal((2L, (long)AgedLedger.ClosedEarlyAt), (report.Epoch, report.LastCommonPosition.Value));
        using var repaired = SmallLedger.Open(files);
        Assert.Equal(AgedLedger.Now + 2, SmallLedger.AppendOne(repaired).FirstPosition.Value);
    }

    // The creation of a segment failed, the log continued in the segment before it, and the next
    // creation used the same number. Then the file of the failed creation was put back, and MANIFEST
    // was old or lost. The open took that file for the end of the log and refused the newest segment.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_failed_start_of_a_segment_does_not_hide_the_segment_that_came_later(bool isManifestLost)
    {
        var ledger = AgedLedger.Create(1);
        var files = ledger.At(AgedLedger.Now).Clone();
        var layout = new LedgerLayout(SmallLedger.Root);
        var newest = new ManifestFile(files, layout).ReadHeaders().Select(static one => one.Header!).MaxBy(static header => header.Sequence)!;
        var failed = newest with { BasePosition = new Position(newest.BasePosition.Value - 1), PreviousEnd = newest.PreviousEnd - FrameFormat.Alignment };
        var bytes = new byte[SegmentHeader.Bytes];
        failed.Write(bytes);
        files.Replace(layout.Segment(failed.BasePosition, failed.Generation), bytes);
        if (isManifestLost) files.Delete(layout.Manifest);
        else Put(files, "MANIFEST", ledger.At(8));

        Assert.Equal(LedgerState.NeedsRecovery, Verify(files).State);
        using (var writing = SmallLedger.Open(AgedLedger.Options(files, AgedLedger.End + 1, seed: 5)))
        {
            Assert.Empty(writing.Damage);
            Assert.Equal(AgedLedger.Now + 1, AgedLedger.Append(writing, AgedLedger.Now + 1).FirstPosition.Value);
        }

        Assert.Equal(LedgerState.Whole, Verify(files).State);
        Assert.False(files.FileExists(layout.Segment(failed.BasePosition, failed.Generation)));
        var facts = SmallLedger.FactsOf(files);
        for (var i = 0; i < AgedLedger.Now; i++) LedgerAnswers.Same(ledger.Facts[i], facts[i]);
    }

    // The two stories above, with the checks disabled by a planted defect. What they assert does not hold then.
    [Fact]
    public void Without_the_checks_both_stories_end_as_they_did()
    {
        var ledger = AgedLedger.Create(1);
        var files = SmallLedger.WithoutIndex(ledger.At(AgedLedger.Now).Clone());
        foreach (var name in (string[])["HEAD", "MANIFEST"]) Put(files, name, ledger.At(8));
        using (var writing = SmallLedger.Open(AgedLedger.Options(files, AgedLedger.End + 1, seed: 5) with { Defect = Defect.UnlinkUnlisted }))
            Assert.InRange(AgedLedger.Append(writing, AgedLedger.Now + 1).FirstPosition.Value, 1, AgedLedger.Now);

        var older = ledger.At(AgedLedger.ClosedEarlyAt);
        files = ledger.At(AgedLedger.Now).Clone();
        foreach (var path in older.Paths) files.Replace(path, older.ReadWhole(path));
        foreach (var segment in files.Paths.Where(LedgerLayout.IsSegment).Except(older.Paths).ToList()) files.Delete(segment);
        Assert.ThrowsAny<Exception>(() =>
        {
            using var believing = SmallLedger.Open(SmallLedger.Options(files) with { Defect = Defect.BelieveRunBeyondLog });
            if (believing.Damage.Count == 0 && SmallLedger.AppendOne(believing).FirstPosition.Value > 0) throw new InvalidOperationException("committed over a hole");
        });
    }

    // The writer was killed, and then the last segment was lost; or the ledger was closed, and its index was lost as well. The open for
    // writing reported damage, but reads returned the older state without an error.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_lost_last_segment_is_no_older_ledger(bool wasKilled)
    {
        var ledger = AgedLedger.Create(1);
        var files = wasKilled ? ledger.At(AgedLedger.Now - 1).Clone() : SmallLedger.WithoutIndex(ledger.At(AgedLedger.Now).Clone());
        files.Delete(files.Paths.Last(LedgerLayout.IsSegment));

        foreach (var reading in (bool[])[true, false])
        {
            using var opened = reading ? SmallLedger.OpenReadOnly(files) : SmallLedger.Open(files);
            Assert.NotEmpty(opened.Damage);
            Refuses(opened, knowsHead: !wasKilled);
            LedgerAnswers.Same(ledger.Facts[20], SmallLedger.Now(opened.ReadAtAsync(new Position(21), TestContext.Current.CancellationToken)));
            Assert.Equal(7, SmallLedger.Now(opened.GetVersionAsync(AgedLedger.StreamOf(1), new Position(20), TestContext.Current.CancellationToken)).Value);
        }
    }

    // The last segment was lost, and MANIFEST was a version from before it. HEAD recorded a later version of MANIFEST. The open for writing
    // reported damage, but reads returned the older state without an error.
    [Fact]
    public void A_lost_last_segment_that_an_older_manifest_does_not_list_is_no_older_ledger()
    {
        var ledger = AgedLedger.Create(1);
        var files = SmallLedger.WithoutIndex(ledger.At(AgedLedger.Now).Clone());
        var last = files.Paths.Last(LedgerLayout.IsSegment);
        var before = Enumerable.Range(1, AgedLedger.Now).Last(number => !ledger.At(number).Paths.Contains(last));
        files.Delete(last);
        Put(files, "MANIFEST", ledger.At(before));

        foreach (var reading in (bool[])[true, false])
        {
            using var opened = reading ? SmallLedger.OpenReadOnly(files) : SmallLedger.Open(files);
            Assert.NotEmpty(opened.Damage);
            Refuses(opened);
            if (!reading) LedgerAnswers.Same(ledger.Facts[20], SmallLedger.Now(opened.ReadAtAsync(new Position(21), TestContext.Current.CancellationToken)));
        }
    }

    // The system writes the page of HEAD to the disk at a time of its choice. After a power cut HEAD was 40 appends behind, and the
    // acknowledged appends were reported as a torn tail.
    [Fact]
    public void What_lies_behind_head_after_a_power_cut_is_named_and_kept()
    {
        var ledger = AgedLedger.Create(1);
        var files = ledger.At(AgedLedger.Now - 1).Clone();
        Put(files, "HEAD", ledger.At(AgedLedger.Now - 41));

        var report = Verify(files);
        Assert.Equal((LedgerState.NeedsRecovery, 40L, 0L), (report.State, report.RecoverableFacts, report.TornTailBytes));
        using (var reading = SmallLedger.OpenReadOnly(files))
        {
            Assert.True(reading.Opening is { NeedsRecovery: true, HasRecoverableAppends: true, RecoverableFacts: 40 });
            Assert.Equal(AgedLedger.Now - 41, SmallLedger.Now(reading.GetHeadAsync(TestContext.Current.CancellationToken)).Value);
        }

        using var writing = SmallLedger.Open(files);
        Assert.Equal(AgedLedger.Now - 1, SmallLedger.Now(writing.GetHeadAsync(TestContext.Current.CancellationToken)).Value);
    }

    // Lost files that can be rebuilt, and the remains of a creation after a power cut, were reported as damage to durable bytes.
    [Theory]
    [InlineData("HEAD")]
    [InlineData("MANIFEST")]
    [InlineData("HEAD and MANIFEST")]
    [InlineData("a run")]
    public void A_file_that_is_made_again_is_no_damage(string what)
    {
        var files = AgedLedger.Create(1).At(AgedLedger.Now).Clone();
        foreach (var name in (string[])["HEAD", "MANIFEST"])
            if (what.Contains(name, StringComparison.Ordinal)) files.Delete($"{SmallLedger.Root}/{name}");
        var run = files.Paths.Last(static path => path.EndsWith(".run", StringComparison.Ordinal));
        if (what == "a run") files.FlipBit(run, 100);

        var report = StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions { Deep = true }, progress: null, TestContext.Current.CancellationToken);

        Assert.Equal(LedgerState.NeedsRecovery, report.State);
        Assert.Empty(report.Damage);
        Assert.NotEmpty(report.Remade);
    }

    [Fact]
    public void An_unfinished_creation_needs_recovery()
    {
        var files = new MemoryFileSystem();
        SmallLedger.Open(files).Dispose();
        foreach (var name in (string[])["HEAD", "MANIFEST"]) files.Delete($"{SmallLedger.Root}/{name}");
        files.Replace(files.Paths.Single(LedgerLayout.IsSegment), files.ReadAll(files.Paths.Single(LedgerLayout.IsSegment)).AsSpan(0, SegmentHeader.Bytes), 4_096);

        Assert.Equal(LedgerState.NeedsRecovery, Verify(files).State);
        using var ledger = SmallLedger.Open(files);
        Assert.Equal(1, SmallLedger.AppendOne(ledger).FirstPosition.Value);
    }

    // The last segment of a restored ledger was copied into the original ledger, which had continued after the backup. That segment
    // continues from an earlier end of the log, so it was adopted, and everything acknowledged after the backup was cut off.
    [Theory]
    [InlineData(2L)]
    [InlineData(1L)]
    public void A_segment_that_leads_back_to_an_earlier_end_cuts_nothing_off(long epoch)
    {
        var ledger = AgedLedger.Create(1);
        var other = ledger.At(4).Clone();
        using (var forked = SmallLedger.Open(AgedLedger.Options(other, 90, seed: 7)))
            for (var number = 1; number <= 3; number++) AgedLedger.Append(forked, 100 + number);
        var stranger = other.Paths.Last(LedgerLayout.IsSegment);
        var content = other.ReadWhole(stranger);
        (SegmentHeader.Read(content, out _)! with { Epoch = epoch }).Write(content);
        var files = ledger.At(8).Clone();
        files.Replace(stranger, content);

        Assert.Equal(LedgerState.Damaged, Verify(files).State);
        using (var opened = SmallLedger.Open(files))
        {
            Assert.Throws<LedgerDamagedException>(() => SmallLedger.AppendOne(opened));
            for (var position = 1; position <= 8; position++) LedgerAnswers.Same(ledger.Facts[position - 1], SmallLedger.Now(opened.ReadAtAsync(new Position(position), TestContext.Current.CancellationToken)));
        }

        var report = LedgerRepair.Run(files, SmallLedger.Root, AgedLedger.Options(files, 80, seed: 8).ToStorageOptions(), isDryRun: false, progress: null, TestContext.Current.CancellationToken);
        Assert.Equal(8, report.FactsLeft);
    }

    // The only segment belongs to this ledger, and MANIFEST to another one. The open trusted MANIFEST and showed no facts.
    [Fact]
    public void A_manifest_of_another_ledger_does_not_deny_the_facts_of_a_segment()
    {
        var files = AgedLedger.Create(1).At(8).Clone();
        Put(files, "MANIFEST", AgedLedger.Create(2).At(8));
        files.Delete($"{SmallLedger.Root}/HEAD");

        foreach (var open in (Func<IFileSystem, Ledger>[])[SmallLedger.OpenReadOnly, SmallLedger.Open])
            Assert.Contains("different ledgers", Assert.Throws<LedgerDamagedException>(() => open(files)).Message, StringComparison.Ordinal);
    }

    // The directory contained a segment from another copy of the ledger, which had continued differently. The open removed it.
    [Fact]
    public void A_segment_of_another_copy_is_set_aside_and_is_damage_until_a_repair()
    {
        var ledger = AgedLedger.Create(1);
        var other = ledger.At(AgedLedger.ClosedEarlyAt).Clone();
        using (var forked = SmallLedger.Open(AgedLedger.Options(other, 90, seed: 7)))
            for (var number = 1; number <= 20; number++) AgedLedger.Append(forked, 100 + number);
        var stranger = other.Paths.Where(LedgerLayout.IsSegment).Except(ledger.At(AgedLedger.ClosedEarlyAt).Paths).First();
        var name = FileNames.NameOf(stranger).Replace(".000001.", ".000007.", StringComparison.Ordinal);
        var files = ledger.At(AgedLedger.Now).Clone();
        var content = other.ReadWhole(stranger);
        var header = SegmentHeader.Read(content, out _)! with { Generation = 7 };
        header.Write(content);
        files.Replace($"{SmallLedger.Root}/segments/{name}", content);

        Assert.Equal(LedgerState.Damaged, Verify(files).State);
        for (var i = 0; i < 2; i++)
        {
            using var opened = SmallLedger.Open(files);
            Assert.Contains(opened.Damage, one => one.File.EndsWith(name, StringComparison.Ordinal));
            Assert.Throws<LedgerDamagedException>(() => SmallLedger.AppendOne(opened));
            Assert.Contains($"{SmallLedger.Root}/quarantine/damaged/{name}", files.Paths);
            Assert.Equal(AgedLedger.Now, SmallLedger.Now(opened.GetHeadAsync(TestContext.Current.CancellationToken)).Value);
        }

        var report = LedgerRepair.Run(files, SmallLedger.Root, AgedLedger.Options(files, 80, seed: 8).ToStorageOptions(), isDryRun: false, progress: null, TestContext.Current.CancellationToken);
        Assert.Equal((2L, (long)AgedLedger.Now), (report.Epoch, report.FactsLeft));
        using var repaired = SmallLedger.Open(files);
        Assert.Empty(repaired.Damage);
        Assert.Contains($"{SmallLedger.Root}/quarantine/damaged/{name}", files.Paths);
    }

    // Recovery had found the last write torn, and the log continued in another segment. That segment was lost, MANIFEST was an older
    // version, and the bytes of the torn write were whole again. Its fact was shown at the position of the acknowledged one.
    [Fact]
    public void What_a_recovery_left_behind_the_end_of_a_segment_does_not_count_again_where_the_next_one_is_lost()
    {
        var ledger = AgedLedger.Create(1);
        var files = SmallLedger.WithoutIndex(ledger.At(8).Clone());
        var segment = files.Paths.Last(LedgerLayout.IsSegment);
        Put(files, "HEAD", ledger.At(7));
        files.FlipBit(segment, 8 * LastByte(files, segment));
        using (var recovered = SmallLedger.Open(AgedLedger.Options(files, 60, seed: 9)))
            Assert.Equal(8, AgedLedger.Append(recovered, 60).FirstPosition.Value);
        files.Delete(files.Paths.Last(LedgerLayout.IsSegment));
        files.Replace(segment, ledger.At(8).ReadWhole(segment));
        Put(files, "MANIFEST", ledger.At(8));
        foreach (var run in files.Paths.Where(static path => path.EndsWith(".run", StringComparison.Ordinal)).ToList()) files.Delete(run);

        var cancel = TestContext.Current.CancellationToken;
        foreach (var reading in (bool[])[true, false])
        {
            using var opened = reading ? SmallLedger.OpenReadOnly(files.Clone()) : SmallLedger.Open(files.Clone());
            Assert.NotEmpty(opened.Damage);
            LedgerAnswers.Same(ledger.Facts[6], SmallLedger.Now(opened.ReadAtAsync(new Position(7), cancel)));
            Assert.Throws<LedgerDamagedException>(() => SmallLedger.Now(opened.ReadAtAsync(new Position(8), cancel)));
            Refuses(opened);
        }

        var report = LedgerRepair.Run(files, SmallLedger.Root, AgedLedger.Options(files, 80, seed: 8).ToStorageOptions(), isDryRun: false, progress: null, cancel);
        Assert.Equal((new PositionRange(new Position(8), new Position(8)), 7L), (Assert.Single(report.Lost), report.FactsLeft));
    }

    // A write had failed, and the log continued in another segment. Then an older MANIFEST was put back. The bytes of the failed write were
    // whole, although they were not part of the log. The segments behind it were therefore taken for those of another copy. A repair lost
    // them and showed the fact of the failed write.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_failed_write_left_behind_the_end_of_a_segment_does_not_deny_the_segments_that_follow(bool withHead)
    {
        var ledger = AgedLedger.Create(1);
        var files = SmallLedger.WithoutIndex(ledger.At(8).Clone());
        var segment = files.Paths.Last(LedgerLayout.IsSegment);
        Put(files, "HEAD", ledger.At(7));
        files.FlipBit(segment, 8 * LastByte(files, segment));
        Fact expected;
        using (var recovered = SmallLedger.Open(AgedLedger.Options(files, 60, seed: 9)))
        {
            Assert.Equal(8, AgedLedger.Append(recovered, 60).FirstPosition.Value);
            Assert.Equal(9, AgedLedger.Append(recovered, 61).FirstPosition.Value);
            expected = SmallLedger.Now(recovered.ReadAtAsync(new Position(8), TestContext.Current.CancellationToken))!;
        }

        files.Replace(segment, ledger.At(8).ReadWhole(segment));
        Put(files, "MANIFEST", ledger.At(8));
        if (withHead) Put(files, "HEAD", ledger.At(7));

        var report = Verify(files);
        Assert.Equal((LedgerState.NeedsRecovery, 9L), (report.State, report.Head.Value + report.RecoverableFacts));
        using var opened = SmallLedger.Open(AgedLedger.Options(files, 62, seed: 9));
        Assert.Empty(opened.Damage);
        for (var position = 1; position <= 7; position++) LedgerAnswers.Same(ledger.Facts[position - 1], SmallLedger.Now(opened.ReadAtAsync(new Position(position), TestContext.Current.CancellationToken)));
        LedgerAnswers.Same(expected, SmallLedger.Now(opened.ReadAtAsync(new Position(8), TestContext.Current.CancellationToken)));
        Assert.Equal(10, AgedLedger.Append(opened, 62).FirstPosition.Value);
    }

    // Recovery had found nothing whole in the only segment and created it again. A power cut restored the old file, with the torn write
    // whole. It was reported as a segment of another ledger, and appends were refused.
    [Fact]
    public void A_segment_that_a_recovery_has_begun_anew_is_no_damage_when_it_comes_back()
    {
        var ledger = AgedLedger.Create(1);
        var files = SmallLedger.WithoutIndex(ledger.At(1).Clone());
        var segment = files.Paths.Single(LedgerLayout.IsSegment);
        files.Delete($"{SmallLedger.Root}/HEAD");
        files.FlipBit(segment, 8 * LastByte(files, segment));
        using (var recovered = SmallLedger.Open(AgedLedger.Options(files, 60, seed: 9)))
            Assert.Equal(1, AgedLedger.Append(recovered, 60).FirstPosition.Value);
        Assert.DoesNotContain(segment, files.Paths);
        files.Replace(segment, ledger.At(1).ReadWhole(segment));

        Assert.NotEqual(LedgerState.Damaged, Verify(files).State);
        using var opened = SmallLedger.Open(AgedLedger.Options(files, 61, seed: 9));
        Assert.Empty(opened.Damage);
        Assert.Equal(2, AgedLedger.Append(opened, 61).FirstPosition.Value);
        Assert.Contains($"{SmallLedger.Root}/quarantine/damaged/{FileNames.NameOf(segment)}", files.Paths);
    }

    // HEAD was a version from before a repair. A reader trusted it and showed the ledger up to its end before the repair.
    [Fact]
    public void A_head_from_before_a_repair_says_nothing()
    {
        var ledger = AgedLedger.Create(1);
        var files = ledger.At(8).Clone();
        files.FlipBit(files.Paths.Last(LedgerLayout.IsSegment), 8 * 200); // in the first fact
        var report = LedgerRepair.Run(files, SmallLedger.Root, AgedLedger.Options(files, 80, seed: 8).ToStorageOptions(), isDryRun: false, progress: null, TestContext.Current.CancellationToken);
        Assert.Equal((2L, 9L), (report.Epoch, report.Receipt.Value));
        Put(files, "HEAD", ledger.At(5));

        foreach (var reading in (bool[])[true, false])
        {
            using var opened = reading ? SmallLedger.OpenReadOnly(files.Clone()) : SmallLedger.Open(files.Clone());
            Assert.Empty(opened.Damage);
            var shown = SmallLedger.Now(opened.GetHeadAsync(TestContext.Current.CancellationToken)).Value;
            Assert.Equal(reading ? (8, 1) : (9, 0), (shown, opened.Opening.RecoverableFacts));
        }
    }

    // A recovery moved the last group to a new segment. Then HEAD and MANIFEST were put back from before
    // it, so HEAD named a place that the log has left. A reader called the segment missing. If a run
    // ended where the new segment starts, its next read failed with an IndexOutOfRangeException.
    [Theory]
    [InlineData(8)]
    [InlineData(100)]
    public void A_head_from_before_a_recovery_is_no_damage(int memoryFactsMax)
    {
        var older = SmallLedger.Killed();
        var files = older.Clone();
        using (var recovering = SmallLedger.Open(files))
        {
            Assert.Equal(4, recovering.Opening.RewrittenFacts);
            Assert.Equal(13, SmallLedger.AppendOne(recovering).FirstPosition.Value);
            Assert.Equal(14, SmallLedger.AppendOne(recovering).FirstPosition.Value);
            files = files.Clone();
        }

        using (SmallLedger.Open(SmallLedger.Options(files) with { MemoryFactsMax = memoryFactsMax })) files = files.Clone();
        var runs = files.Paths.Where(static path => path.EndsWith(".run", StringComparison.Ordinal)).ToList();
        Assert.Equal(memoryFactsMax == 8 ? 1 : 0, runs.Count);
        foreach (var path in runs)
        {
            using var run = Run.Inspect(files.Open(path, FileOpening.ReadOnly), out _);
            Assert.Equal((9L, (long)SegmentHeader.Bytes), (run!.Footer.End.Base.Value, run.Footer.End.FileOffset));
        }

        foreach (var name in (string[])["HEAD", "MANIFEST"]) Put(files, name, older);
        var facts = SmallLedger.FactsOf(older);
        foreach (var reading in (bool[])[true, false])
        {
            var copy = files.Clone();
            using var opened = reading ? SmallLedger.OpenReadOnly(copy) : SmallLedger.Open(copy);
            Assert.Empty(opened.Damage);
            foreach (var fact in facts) LedgerAnswers.Same(fact, SmallLedger.Now(opened.ReadAtAsync(fact.Position, TestContext.Current.CancellationToken)));
            Assert.Equal(reading ? (13, 1) : (14, 0), (SmallLedger.Now(opened.GetHeadAsync(TestContext.Current.CancellationToken)).Value, opened.Opening.RecoverableFacts));
        }
    }

    static long LastByte(MemoryFileSystem files, string path) => files.ReadWhole(path).AsSpan().LastIndexOfAnyExcept((byte)0);

    static void Refuses(Ledger ledger, bool knowsHead = true)
    {
        var cancel = TestContext.Current.CancellationToken;
        if (!knowsHead) Assert.Throws<LedgerDamagedException>(() => SmallLedger.Now(ledger.GetHeadAsync(cancel)));
        Assert.Throws<LedgerDamagedException>(() => SmallLedger.Now(ledger.ReadLatestAsync(AgedLedger.StreamOf(1), cancellationToken: cancel)));
        Assert.Throws<LedgerDamagedException>(() => SmallLedger.Now(ledger.GetVersionAsync(AgedLedger.StreamOf(1), cancellationToken: cancel)));
        Assert.Throws<LedgerDamagedException>(() => SmallLedger.Now(ledger.CountAsync(FactQuery.Parse("type=grown"), cancellationToken: cancel)));
        Assert.Throws<LedgerDamagedException>(() => SmallLedger.Now(ledger.ListAsync("orders", cancellationToken: cancel).GetAsyncEnumerator(cancel).MoveNextAsync()));
        Assert.Throws<LedgerDamagedException>(() => SmallLedger.Now(ledger.ReadCellAsync("bucket", "last", cancel)));
        if (!ledger.IsReadOnly) Assert.Throws<LedgerDamagedException>(() => SmallLedger.AppendOne(ledger));
    }

    static VerifyReport Verify(MemoryFileSystem files) => StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions(), progress: null, TestContext.Current.CancellationToken);

    static void Put(MemoryFileSystem files, string name, MemoryFileSystem older) => files.Replace($"{SmallLedger.Root}/{name}", older.ReadWhole($"{SmallLedger.Root}/{name}"));
}
