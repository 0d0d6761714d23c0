using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests;

/// <summary>Random runs that make the same reads on a ledger and on a simple model, and compare the results.</summary>
public sealed class ModelRunTests
{
    [Theory]
    [InlineData(1, 16)]
    [InlineData(101, 16)]
    [InlineData(201, 16)]
    public async Task A_ledger_answers_every_append_and_every_read_as_the_plain_model_does(int firstSeed, int seeds)
    {
        for (var seed = firstSeed; seed < firstSeed + seeds; seed++)
        {
            try
            {
                await new Run(seed).Play();
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                throw new InvalidOperationException($"Seed {seed}: {exception.Message}", exception);
            }
        }
    }

    sealed class Run(int seed)
    {
        readonly Random _random = new(seed);
        readonly ManualTimeProvider _clock = new();
        readonly SteppedScheduler _scheduler = new();
        readonly MemoryFileSystem _files = new();
        readonly ModelLedger _model = new();
        long _lastTime;

        public async Task Play()
        {
            var appends = new RandomAppends(_random, _model);
            var ledger = await Open();
            for (var step = 0; step < 50; step++)
            {
                MoveClock();
                await AppendSome(ledger, appends);
                if (_random.Next(3) > 0) await Read(ledger);
                if (_random.Next(15) > 0) continue;
                await ledger.DisposeAsync();
                ledger = await Open();
                Assert.True(ledger.Opening.WasClosedCleanly);
            }

            await ReadEverything(ledger);
            await ledger.DisposeAsync();
            await using var readOnly = await Ledger.OpenReadOnlyAsync("run", Options());
            await ReadEverything(readOnly);
            await Read(readOnly);
        }

        LedgerOptions Options() => new() { FileSystem = _files, PreallocationBytesMax = 0, Scheduler = _scheduler, TimeProvider = _clock, SegmentSizeBytes = StorageOptions.SegmentSizeBytesMin, MemoryFactsMax = (seed % 3) switch { 0 => 32_768, 1 => 5, _ => 40 }, MemoryBytesMax = seed % 2 == 0 ? 2_000 : 8 * 1_024 * 1_024 };

        ValueTask<Ledger> Open() => Ledger.OpenAsync("run", Options());

        /// <summary>Mostly moves the clock forward by a little. Sometimes it stays or moves back.</summary>
        void MoveClock()
        {
            switch (_random.Next(5))
            {
                case 0: _clock.SetUtcNow(_clock.GetUtcNow() - TimeSpan.FromMilliseconds(_random.Next(20_000))); break;
                case 1: break;
                default: _clock.Advance(TimeSpan.FromMicroseconds(_random.Next(50_000))); break;
            }
        }

        async Task AppendSome(Ledger ledger, RandomAppends appends)
        {
            var sent = Enumerable.Range(0, _random.Next(1, 12)).Select(_ => appends.Next()).Select(request => (Request: request, Answer: ledger.TryAppendAsync(request))).ToList();
            _scheduler.TurnAll();
            foreach (var (request, answer) in sent)
            {
                Assert.True(answer.IsCompleted);
                var actual = await answer;
                var time = actual is AppendOutcome.Committed committed ? ToMicroseconds(committed.Receipt.RecordedAt) : 0;
                var expected = _model.Append(request, time);
                Assert.Null(expected.Difference(_model, actual));
                if (expected is not ModelOutcome.Committed) continue;
                Assert.True(time > _lastTime);
                _lastTime = time;
            }
        }

        async Task Read(Ledger ledger)
        {
            for (var i = 0; i < 6; i++)
            {
                var stream = RandomAppends.AnyStream(_random);
                var (time, asOf) = AnyTime();
                var backward = _random.Next(2) == 0;
                long? limit = _random.Next(3) == 0 ? _random.Next(6) : null;
                var version = new StreamVersion(_random.Next(3) == 0 ? 0 : _random.Next(12));
                var from = new Position(_random.Next(3) == 0 ? 0 : _random.NextInt64(_model.Head.Value + 3));
                var prefix = _random.Next(2) == 0 ? "" : _random.Pick(["a", "b", "😀", "\uE000", "zz", ".", "é"]);
                var after = _random.Next(2) == 0 ? null : _random.Pick(RandomAppends.Keys);
                var store = RandomAppends.AnyStore(_random);

                Assert.Equal(asOf ?? _model.Head, (await ledger.ResolveAsync(time)).Position);
                Same(_model.ReadStream(stream, version, backward, limit, asOf), await ledger.ReadStreamAsync(stream, new StreamReadOptions { From = version, Backward = backward, Limit = limit, AsOf = time }).ToListAsync());
                Same(_model.ReadStream(stream, version, backward, limit, asOf), await Folded((seed, folder) => ledger.FoldStreamAsync(stream, seed, folder, new StreamReadOptions { From = version, Backward = backward, Limit = limit, AsOf = time })));
                Same(_model.Read(from, backward, limit, asOf), await Folded((seed, folder) => ledger.FoldAsync(seed, folder, new ReadOptions { From = from, Backward = backward, Limit = limit, AsOf = time })));
                Same(_model.Read(from, backward, limit, asOf), await ledger.ReadAsync(new ReadOptions { From = from, Backward = backward, Limit = limit, AsOf = time }).ToListAsync());
                Same(_model.ReadStream(stream, asOf: asOf), await ledger.ReadHistoryAsync(stream, time).ToListAsync());
                Same(_model.List(store, prefix, after, limit, asOf), await ledger.ListAsync(store, new ListOptions { Prefix = prefix, After = after, Limit = limit, AsOf = time }).ToListAsync());
                Assert.Equal(_model.Version(stream, asOf), await ledger.GetVersionAsync(stream, time));
                var latest = await ledger.ReadLatestAsync(stream, time);
                if (_model.Latest(stream, asOf) is { } expected) Assert.Null(expected.Difference(latest));
                else Assert.Null(latest);
                var query = RandomAppends.AnyQuery(_random);
                var recordedFrom = _model.Facts.Count > 0 && _random.Next(3) == 0 ? _random.Pick(_model.Facts).RecordedAtMicroseconds + _random.Next(-1, 2) : (long?)null;
                var matching = _model.Read(from, backward, null, asOf).Where(fact => ModelQuery.Matches(query, fact.Proposed) && (recordedFrom is null || fact.RecordedAtMicroseconds >= recordedFrom));
                var options = new ReadOptions { From = from, Backward = backward, Limit = limit, AsOf = time, RecordedFrom = recordedFrom is { } begin ? DateTimeOffset.UnixEpoch.AddTicks(begin * 10) : null };
                var first = limit is { } most ? matching.Take((int)most).ToList() : [.. matching];
                Same(first, await ledger.ReadAsync(query, options).ToListAsync());
                Same(first, await Folded((seed, folder) => ledger.FoldAsync(query, seed, folder, options)));
                Assert.Equal(_model.Read(asOf: asOf).Count(fact => ModelQuery.Matches(query, fact.Proposed)), await ledger.CountAsync(query, time));
                var cell = RandomAppends.AnyCell(_random);
                var found = await ledger.ReadCellAsync(cell.Bucket, cell.Name);
                if (_model.ReadCell(cell) is { } write) Assert.Null(write.Difference(found));
                else Assert.Null(found);
                var listed = await ledger.ListCellsAsync(cell.Bucket, new CellListOptions { Prefix = prefix, After = after, Limit = limit }).ToListAsync();
                var cells = _model.ListCells(cell.Bucket, prefix, after, limit).ToList();
                Assert.Equal(cells.Count, listed.Count);
                Assert.All(cells.Zip(listed), pair => Assert.Null(pair.First.Difference(pair.Second)));
                var id = $"id-{_random.Next(40)}";
                if (_model.FindAppend(id) is { } append) Assert.Null(ModelOutcome.Difference(_model, append, await ledger.FindAppendAsync(id)));
                else Assert.Null(await ledger.FindAppendAsync(id));
            }
        }

        async Task ReadEverything(Ledger ledger)
        {
            Same(_model.Facts, await ledger.ReadAsync().ToListAsync());
            Assert.Equal(_model.Head, await ledger.GetHeadAsync());
            Assert.Empty(ledger.Damage);
        }

        /// <summary>Draws a time to read as of, with the position that the model resolves it to, or null for the head.</summary>
        (LedgerTime Time, Position? AsOf) AnyTime()
        {
            switch (_random.Next(3))
            {
                case 0: return (LedgerTime.Latest, null);
                case 1:
                    var position = new Position(_random.NextInt64(_model.Head.Value + 1));
                    return (position, position);
                default:
                    // A time close to that of a fact. A read as of a fact's own time includes the fact.
                    var now = Math.Max(ToMicroseconds(_clock.GetUtcNow()), _lastTime);
                    var near = _model.Facts.Count == 0 ? now : _model.Facts[_random.Next(_model.Facts.Count)].RecordedAtMicroseconds + _random.Next(-1, 2);
                    var time = Math.Min(near, now);
                    return (LedgerTime.RecordedBy(DateTimeOffset.UnixEpoch.AddTicks(time * 10)), _model.RecordedBy(time));
            }
        }

        static ValueTask<List<Fact>> Folded(Func<List<Fact>, FactFolder<List<Fact>>, ValueTask<List<Fact>>> fold) => fold([], (ref facts, in fact) =>
        {
            facts.Add(fact.ToFact());
            return true;
        });

        static void Same(IEnumerable<ModelFact> expected, List<Fact> actual) => Assert.Null(ModelFact.Difference([.. expected], actual));

        static long ToMicroseconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / 10;
    }
}
