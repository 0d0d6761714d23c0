using System.Globalization;
using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;
using Factstone.Tests.Repairs;

namespace Factstone.Tests.Indexing;

/// <summary>A read of a stream returns what was written, for any number of its facts per block, per run and per segment.</summary>
public sealed class ListLengthTests
{
    /// <summary>Lengths around one block of a list, and around two.</summary>
    static readonly int[] Lengths = [1, 2, 3, 63, 64, 65, 66, 127, 128, 129, 192, 193, 1_300];

    static CancellationToken Now => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, true)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(true, false)]
    public void Lists_around_the_size_of_a_block_survive_merging_and_lost_facts(bool isRepaired, bool isMapped)
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        foreach (var memoryFactsMax in (int[])[5, 40, 300, 10_000])
        {
            var files = new MemoryFileSystem();
            var facts = Write(files, random, memoryFactsMax);
            if (isRepaired) facts = LoseSome(files, facts, random);

            // All runs of the repaired log are new. A few more appends cause a merge that includes the last one.
            using (var ledger = SmallLedger.Open(SmallLedger.Options(files) with { MemoryFactsMax = memoryFactsMax }))
                for (var i = 0; i < 12; i++) facts.Add(new Written($"other/{i}", Repair.Append(ledger, new AppendRequest(new NewFact($"other/{i}", "made", "1"))).FirstPosition, Version: 1, Retracts: false));

            OnDisk(files, root =>
            {
                var options = new LedgerOptions { FileSystem = new DiskFileSystem(), MappedReads = isMapped, MemoryFactsMax = memoryFactsMax };
                using var ledger = Ledger.Open(FileStorage.Open(options.FileSystem!, root, options.ToStorageOptions(), Now), options);
                Same(facts, ledger, random, $"seed {seed}, {memoryFactsMax} facts in memory");

                // A ledger without runs has all of its times in memory.
                using var plain = SmallLedger.OpenReadOnly(SmallLedger.WithoutIndex(files.Clone()));
                foreach (var fact in plain.ReadAsync(cancellationToken: Now).ToBlockingEnumerable(Now))
                    foreach (var time in (LedgerTime[])[LedgerTime.RecordedBy(fact.RecordedAt), LedgerTime.RecordedBy(fact.RecordedAt.AddMicroseconds(-1))])
                        Assert.Equal(SmallLedger.Now(plain.ResolveAsync(time, Now)).Position, ledger.ResolveAsync(time, Now).AsTask().GetAwaiter().GetResult().Position);
            });

            var report = StorageEngine.Verify(files, SmallLedger.Root, new VerifyOptions { Deep = true }, null, Now);
            Assert.Empty(report.Damage);
            Assert.True(report.RunsCompared > 0);

            // Verify again, in pieces of the log that are smaller than the runs.
            using var storage = FileStorage.OpenReadOnly(files, SmallLedger.Root, new StorageOptions { MemoryFactsMax = random.Next(1, 100), PreallocationBytesMax = 0 });
            Assert.Empty(storage.VerifyRuns(storage.Runs(), static _ => { }).Damage);
        }
    }

    /// <summary>Writes streams of each length, interleaved and with retractions. The facts are large enough for several segments.</summary>
    static List<Written> Write(MemoryFileSystem files, Random random, int memoryFactsMax)
    {
        var order = Lengths.SelectMany(length => Enumerable.Repeat($"records/{length}", length)).ToArray();
        random.Shuffle(order);
        var payload = $"\"{new string('x', 100)}\"";
        var versions = new Dictionary<StreamName, long>();
        var facts = new List<Written>();
        using var ledger = SmallLedger.Open(SmallLedger.Options(files) with { MemoryFactsMax = memoryFactsMax });
        for (var at = 0; at < order.Length;)
        {
            var some = order.Skip(at).Take(random.Next(1, 6)).Select(stream => random.Next(8) == 0 ? NewFact.Retraction(stream) : new NewFact(stream, "made", payload)).ToArray();
            var receipt = Repair.Append(ledger, new AppendRequest { Facts = some });
            for (var i = 0; i < some.Length; i++)
            {
                var version = versions[some[i].Stream] = versions.GetValueOrDefault(some[i].Stream) + 1;
                facts.Add(new Written(some[i].Stream, new Position(receipt.FirstPosition.Value + i), version, some[i].Retracts));
            }

            at += some.Length;
        }

        Assert.True(files.Paths.Count(LedgerLayout.IsSegment) > 3);
        return facts;
    }

    /// <summary>Loses facts, so that most streams have gaps in their versions. In some places several adjacent facts are lost.</summary>
    static List<Written> LoseSome(MemoryFileSystem files, List<Written> facts, Random random)
    {
        var lost = new HashSet<Position>();
        for (var i = 0; i < 60; i++)
        {
            var position = facts[random.Next(facts.Count - 1)].Position;
            for (var end = position.Value + random.Next(1, 3); position.Value < end; position = position.Next()) lost.Add(position);
        }

        foreach (var position in lost) Repair.DamageFact(files, position, isHeaderLost: false);
        Assert.Equal(lost.Count, Repair.Run(files).KnownLost.Count);
        return [.. facts.Where(fact => !lost.Contains(fact.Position))];
    }

    static void Same(List<Written> facts, Ledger ledger, Random random, string why)
    {
        foreach (var own in facts.GroupBy(fact => fact.Stream).Select(stream => stream.ToArray()))
        {
            var (stream, name) = (own[0].Stream, $"{why}: {own[0].Stream}");
            Assert.True(own.Select(fact => fact.Position).SequenceEqual(Read(stream, new StreamReadOptions())), name);
            Assert.True(own.Select(fact => fact.Position).Reverse().SequenceEqual(Read(stream, new StreamReadOptions { Backward = true })), name);
            foreach (var at in (int[])[0, Math.Min(62, own.Length - 1), Math.Min(63, own.Length - 1), Math.Min(64, own.Length - 1), own.Length - 1, random.Next(own.Length), random.Next(own.Length)])
            {
                var from = own[at];
                Assert.True(own[at..].Select(fact => fact.Position).SequenceEqual(Read(stream, new StreamReadOptions { From = new StreamVersion(from.Version) })), $"{name} from version {from.Version}");
                for (var asOf = from.Position.Value - 1; asOf <= from.Position.Value + 1; asOf++)
                {
                    if (asOf < 1 || asOf > facts[^1].Position.Value) continue;
                    var last = own.LastOrDefault(fact => fact.Position.Value <= asOf);
                    var found = ledger.ReadLatestAsync(stream, new Position(asOf), Now).AsTask().GetAwaiter().GetResult();
                    Assert.True((last is null || last.Retracts ? Position.None : last.Position) == (found?.Position ?? Position.None), $"{name} as of {asOf}");
                    if (found is not null) Assert.Equal(last!.Version, found.StreamVersion.Value);
                }
            }
        }

        for (var i = 0; i < 20; i++)
        {
            var asOf = new Position(random.Next(1, facts.Count));
            var values = facts.Where(fact => fact.Position <= asOf && fact.Stream.Store == "records").GroupBy(fact => fact.Stream)
                .Select(stream => stream.Last()).Where(last => !last.Retracts).OrderBy(last => last.Stream.Key, StringComparer.Ordinal).Select(last => last.Position);
            Assert.True(values.SequenceEqual(ledger.ListAsync("records", new ListOptions { AsOf = asOf }, Now).ToBlockingEnumerable(Now).Select(fact => fact.Position)), $"{why}: as of {asOf}");
        }

        IEnumerable<Position> Read(StreamName stream, StreamReadOptions options) => ledger.ReadStreamAsync(stream, options, Now).ToBlockingEnumerable(Now).Select(fact => fact.Position);
    }

    static void OnDisk(MemoryFileSystem files, Action<string> use)
    {
        var root = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"factstone-lists-{Guid.NewGuid():N}"));
        try
        {
            foreach (var path in files.Paths)
            {
                var target = root + path[SmallLedger.Root.Length..];
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                if (!path.EndsWith("LOCK", StringComparison.Ordinal)) File.WriteAllBytes(target, files.ReadAll(path));
            }

            use(root);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    sealed record Written(StreamName Stream, Position Position, long Version, bool Retracts);
}
