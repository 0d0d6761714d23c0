using Factstone.Storage;

namespace Factstone.Tests.Damage;

/// <summary>
/// MANIFEST and HEAD contain nothing that the segments do not contain. If one or both are lost or damaged, they are rebuilt.
/// </summary>
/// <remarks>
/// Some cases cannot be told apart. Without HEAD and without a later write, nothing records whether the last write was durable,
/// so damage in it looks like a crash and is cut off as a torn tail. Without MANIFEST, only its header identifies the newest segment.
/// If that header is damaged as well, HEAD shows that facts are missing. Without HEAD, nothing does.
/// </remarks>
public sealed class LostFileTests
{
    public static readonly TheoryData<string, string, string> Losses = new()
    {
        { "closed", "", "deleted" },
        { "closed", "deleted", "" },
        { "closed", "deleted", "deleted" },
        { "closed", "damaged", "damaged" },
        { "closed", "empty", "empty" },
        { "killed", "", "deleted" },
        { "killed", "deleted", "" },
        { "killed", "deleted", "deleted" },
        { "killed", "damaged", "damaged" },
        { "killed", "empty", "empty" },
        { "recovered", "", "deleted" },
        { "recovered", "deleted", "" },
        { "recovered", "deleted", "deleted" },
        { "recovered", "damaged", "damaged" },
        { "recovered", "empty", "empty" },
    };

    [Theory]
    [MemberData(nameof(Losses))]
    public void Manifest_and_head_are_rebuilt(string ledgerWas, string manifest, string head)
    {
        var files = Given(ledgerWas);
        var facts = SmallLedger.FactsOf(files);
        Lose(files, "MANIFEST", manifest);
        Lose(files, "HEAD", head);

        var report = StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions(), null, TestContext.Current.CancellationToken);
        Assert.Equal(LedgerState.NeedsRecovery, report.State);
        var named = report.Remade.Select(one => one.File);
        Assert.Equal(
            new[] { (Name: "MANIFEST", How: manifest), (Name: "HEAD", How: head) }.Where(one => one.How.Length > 0).Select(one => $"{SmallLedger.Root}/{one.Name}"),
            named);

        // Without HEAD, a reader shows what was certainly durable: everything but the last write, unless that was a mark of an end.
        using (var reading = SmallLedger.OpenReadOnly(files))
            Answers(reading, facts[..(ledgerWas == "closed" || head.Length == 0 ? 12 : ledgerWas == "killed" ? 8 : 12)]);

        using (var ledger = SmallLedger.Open(files))
        {
            Assert.Equal(manifest.Length > 0, ledger.Opening.ManifestWasRebuilt);
            Assert.Equal(head.Length > 0, ledger.Opening.HeadWasRebuilt);
            Assert.Empty(ledger.Damage);
            Answers(ledger, facts);
            Assert.Equal(13, SmallLedger.AppendOne(ledger).FirstPosition.Value);
        }

        using var again = SmallLedger.Open(files);
        Assert.True(again.Opening.WasClosedCleanly);
        Assert.False(again.Opening.ManifestWasRebuilt || again.Opening.HeadWasRebuilt);
        Assert.Equal("9", SmallLedger.Now(again.ReadLatestAsync("orders/9", cancellationToken: TestContext.Current.CancellationToken))!.Json);
    }

    // Verify and repair reported that there was no ledger and how to create one. An append reported damage and advised a repair.
    [Theory]
    [InlineData("segments/", "HEAD")]
    [InlineData("segments/", "index/")]
    public void Where_all_segments_are_gone_everybody_says_the_same(string lost, string witness)
    {
        var files = Given("closed");
        foreach (var path in files.Paths.Where(path => !path.Contains(witness, StringComparison.Ordinal)).ToList()) files.Delete(path);
        Assert.DoesNotContain(files.Paths, path => path.Contains(lost, StringComparison.Ordinal));
        Assert.NotEmpty(files.Paths);

        var cancel = TestContext.Current.CancellationToken;
        foreach (var open in (Action[])
        [
            () => SmallLedger.OpenReadOnly(files),
            () => SmallLedger.Open(files),
            () => StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions(), null, cancel),
            () => LedgerRepair.Run(files, SmallLedger.Root, new StorageOptions(), isDryRun: false, progress: null, cancel),
        ])
        {
            var refused = Assert.Throws<LedgerDamagedException>(open);
            Assert.StartsWith($"The ledger in '{SmallLedger.Root}' has lost all its segments.", refused.Message, StringComparison.Ordinal);
            Assert.Contains("factstone restore", refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("factstone repair", refused.Message, StringComparison.Ordinal);
        }
    }

    // No check can distinguish this damage from a crash. The test documents that limit.
    [Fact]
    public void Without_head_damage_in_the_last_write_is_cut_off_like_a_torn_tail()
    {
        var files = SmallLedger.Killed();
        var segment = SmallLedger.OnlySegment(files);
        Lose(files, "HEAD", "deleted");
        files.FlipBit(segment, (SegmentMap.Of(files, segment).End - 20) * 8);

        using var ledger = SmallLedger.Open(files);

        Assert.Empty(ledger.Damage);
        Assert.Equal(8, ledger.Opening.Facts);
        Assert.True(ledger.Opening.TornTailBytes > 0);
        Assert.Contains(files.Paths, path => path.StartsWith($"{SmallLedger.Root}/quarantine/", StringComparison.Ordinal));
    }

    [Fact]
    public void With_head_the_same_damage_is_damage()
    {
        var files = SmallLedger.Killed();
        var segment = SmallLedger.OnlySegment(files);
        files.FlipBit(segment, (SegmentMap.Of(files, segment).End - 20) * 8);

        using var ledger = SmallLedger.Open(files);

        Assert.NotEmpty(ledger.Damage);
        Assert.Equal(12, ledger.Opening.Facts);
    }

    // HEAD records the end of the acknowledged facts, so a lost last segment is detected.
    [Fact]
    public void Without_manifest_a_lost_last_segment_is_damage_that_head_tells_of()
    {
        var files = SmallLedger.Recovered();
        using (var ledger = SmallLedger.Open(files)) SmallLedger.AppendOne(ledger);
        var last = files.Paths.Last(LedgerLayout.IsSegment);
        Lose(files, "MANIFEST", "deleted");
        Lose(files, last[(SmallLedger.Root.Length + 1)..], "deleted");

        using var damaged = SmallLedger.Open(files);

        Assert.NotEmpty(damaged.Damage);
        Assert.Throws<LedgerDamagedException>(() => SmallLedger.Now(damaged.ReadAtAsync(new Position(13), TestContext.Current.CancellationToken)));
        Assert.Throws<LedgerDamagedException>(() => SmallLedger.AppendOne(damaged));
        Assert.NotEmpty(StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions(), null, TestContext.Current.CancellationToken).Damage);
    }

    // After a power cut HEAD still named the segment before the last. MANIFEST and the header of the last segment were damaged, so the
    // rebuilt manifest ended before that segment. Recovery took its file for an unused one and removed it with the acknowledged facts.
    [Fact]
    public void Without_manifest_a_segment_with_a_damaged_header_is_damage_and_is_kept()
    {
        var files = SmallLedger.Killed();
        var staleHead = files.ReadAll($"{SmallLedger.Root}/HEAD");
        using (var ledger = SmallLedger.Open(files))
        {
            SmallLedger.AppendOne(ledger);
            files = files.Clone();
        }

        files.Replace($"{SmallLedger.Root}/HEAD", staleHead, ISharedPage.Size);
        Lose(files, "MANIFEST", "damaged");
        var last = files.Paths.Last(LedgerLayout.IsSegment);
        files.FlipBit(last, 100);

        using (var reading = SmallLedger.OpenReadOnly(files)) Assert.Contains(reading.Damage, one => one.File == last);
        using (var damaged = SmallLedger.Open(files))
        {
            Assert.Contains(damaged.Damage, one => one.File == last);
            Assert.Throws<LedgerDamagedException>(() => SmallLedger.AppendOne(damaged));
        }

        Assert.Contains(last, files.Paths);
    }

    [Fact]
    public void A_lost_segment_in_the_middle_or_at_the_beginning_is_named_with_its_positions()
    {
        foreach (var losesManifest in (bool[])[false, true])
        {
            var files = SmallLedger.Recovered();
            var first = files.Paths.First(LedgerLayout.IsSegment);
            Lose(files, first[(SmallLedger.Root.Length + 1)..], "deleted");
            if (losesManifest) Lose(files, "MANIFEST", "deleted");

            foreach (var open in (Func<IFileSystem, Ledger>[])[SmallLedger.OpenReadOnly, SmallLedger.Open])
            {
                using var ledger = open(files);
                Assert.Contains(ledger.Damage, one => (one.FirstPosition.Value, one.LastPosition.Value) == (1, 8));
                Assert.Throws<LedgerDamagedException>(() => SmallLedger.Now(ledger.ReadAtAsync(new Position(8), TestContext.Current.CancellationToken)));
                Assert.NotNull(SmallLedger.Now(ledger.ReadAtAsync(new Position(9), TestContext.Current.CancellationToken)));
            }
        }
    }

    static MemoryFileSystem Given(string ledgerWas) => ledgerWas switch
    {
        "closed" => SmallLedger.ClosedCleanly(),
        "killed" => SmallLedger.Killed(),
        _ => SmallLedger.Recovered(),
    };

    static void Lose(MemoryFileSystem files, string name, string how)
    {
        var path = $"{SmallLedger.Root}/{name}";
        switch (how)
        {
            case "deleted":
                files.Delete(path);
                break;
            case "empty":
                files.Replace(path, []);
                break;
            case "damaged":
                for (var bit = 0L; bit <= files.LastWrittenByte(path) * 8; bit += 8 * 16) files.FlipBit(path, bit);
                break;
        }
    }

    static void Answers(Ledger ledger, List<Fact> facts) =>
        new LedgerAnswers(ledger, facts, new Dictionary<string, (long, int)> { ["first"] = (1, 4) }, new HashSet<long>(), isHeaderLost: false).AreRight();
}
