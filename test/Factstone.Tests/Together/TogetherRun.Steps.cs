using System.Globalization;
using System.Text;
using System.Text.Json;
using Factstone.Tests.Projections;
using Factstone.Tests.Records;
using Factstone.Tests.Simulation;
using Value = Factstone.Tests.Records.Reading;

namespace Factstone.Tests.Together;

/// <summary>What the users of the ledger do.</summary>
internal sealed partial class TogetherRun
{
    const string Bucket = "values";
    const string DroppedCouldMatch = "dropped facts could match";
    static readonly string[] Keys = ["a", "b", "c/d", "é", "k5", "k6"];
    static readonly string[] Types = ["number", "other"];

    async Task StepAsync()
    {
        if (_random.Next(6) == 0) _clock.Advance(TimeSpan.FromMilliseconds(_random.Next(50)));
        switch (_random.Next(24))
        {
            case < 6:
                await AppendAsync(DrawRequest());
                break;
            case 6 when _model.Appends.Count > 0:
                await RepeatAsync();
                break;
            case < 9:
                await WriteRecordAsync();
                break;
            case < 11:
                await WriteEntryAsync();
                break;
            case < 13:
                await DecideAsync();
                break;
            case < 15:
                await TruncateAsync();
                break;
            case 15:
                await PutBlobAsync();
                break;
            case < 20:
                await StepProjectionAsync(Kept.ElementAt(_random.Next(Kept.Count())));
                break;
            case 20:
                await CompareProjectionsAsync();
                break;
            case < 23:
                await CompareReadsAsync();
                break;
            default:
                if (_random.Next(4) == 0) BackUp();
                else if (_random.Next(2) == 0) DrawFault();
                break;
        }
    }

    AppendRequest DrawRequest()
    {
        NewFact[] facts = [.. Enumerable.Range(0, _random.Next(1, 5)).Select(_ => new NewFact(DrawStream(), Types[_random.Next(2)], _random.Next(1_000).ToString(CultureInfo.InvariantCulture)))];
        var conditions = new List<AppendCondition>();
        if (_random.Next(3) == 0) conditions.Add(AppendCondition.StreamAt(facts[0].Stream, new StreamVersion(Math.Max(0, _model.VersionOf(facts[0].Stream) - (_random.Next(4) == 0 ? 1 : 0)))));
        if (_random.Next(6) == 0) conditions.Add(_random.Next(2) == 0 ? AppendCondition.NoMatch(FactQuery.Store("t")) : AppendCondition.NoMatch(FactQuery.Store("t"), new Position(_random.Next((int)LastPosition.Value + 1))));
        return new AppendRequest
        {
            Facts = facts,
            Conditions = conditions,
            Cells = _random.Next(4) > 0 ? [] : [_random.Next(3) == 0 ? NewCell.Delete(Bucket, DrawKey()) : NewCell.Put(Bucket, DrawKey(), JsonSerializer.Serialize(new Value(_random.Next(100)), ReadingJson.Default.Reading))],
            AppendId = _random.Next(3) == 0 ? string.Create(CultureInfo.InvariantCulture, $"id-{_model.Appends.Count}-{_random.Next(1_000_000)}") : null,
        };
    }

    Position LastPosition => _model.Ever.Count == 0 ? Position.None : _model.Ever[^1].Position;

    StreamName DrawStream() => new(_random.Next(2) == 0 ? "n" : "t", DrawKey());

    string DrawKey() => Keys[_random.Next(Keys.Length)];

    /// <summary>Sends a request, and expects the outcome that the model has for it.</summary>
    async Task AppendAsync(AppendRequest request)
    {
        var expected = ExpectedConflict(request);
        var outcome = await TryAsync(request, expected is null ? _model.With(request) : null);
        switch (outcome)
        {
            case AppendOutcome.Committed committed:
                Require(expected is null, $"an append was committed, and {expected}");
                Learn(committed.Receipt);
                Count("append");
                break;
            case AppendOutcome.Conflict conflict:
                Require(expected is not null, $"an append was refused: {conflict}");
                Require(conflict.RetentionPassed is not null ? MayMatchDropped(request) : expected != DroppedCouldMatch, $"the conflict says of dropped facts: {conflict.RetentionPassed}, and {expected}");
                Count(conflict.RetentionPassed is null ? "conflict" : "retention passed");
                break;
            case null:
                break;
            default:
                throw new SimulationFailure($"an append was answered with {outcome}");
        }
    }

    /// <summary>Why the model refuses a request; null if it does not.</summary>
    string? ExpectedConflict(AppendRequest request)
    {
        foreach (var condition in request.Conditions)
        {
            if (condition.Query is null)
            {
                if (_model.VersionOf(condition.Stream) != condition.Version.Value) return "the stream is at another version";
                continue;
            }

            var after = condition.After ?? Position.None;
            var store = condition.Query[0].Store;
            if (_model.Held.Any(fact => fact.Stream.Store == store && fact.Position > after)) return "a fact matches";
            if (MayMatchDropped(condition)) return DroppedCouldMatch;
        }

        return null;
    }

    bool MayMatchDropped(AppendRequest request) => request.Conditions.Any(MayMatchDropped);

    /// <summary>Whether a dropped fact that could match has a position after the one that the caller has read up to.</summary>
    bool MayMatchDropped(AppendCondition condition) =>
        condition is { Query: { } query, After: { } after } && _model.Ever.Any(fact => !_model.IsHeld(fact) && fact.Stream.Store == query[0].Store && fact.Position > after);

    /// <summary>Sends a request. If nobody can know whether it was committed, null is returned, and the next open finds out.</summary>
    async Task<AppendOutcome?> TryAsync(AppendRequest request, PlainLedger? after)
    {
        _maybe = after;
        try
        {
            var outcome = await _ledger!.TryAppendAsync(request, Cancellation);
            if (outcome is AppendOutcome.Unknown)
            {
                Count("unknown");
                return null;
            }

            _maybe = null;
            if (outcome is AppendOutcome.Committed) _model = after ?? throw new SimulationFailure("an append was committed that the model refuses");
            return outcome;
        }
        catch (FactstoneException refused) when (refused is not AppendUnknownException)
        {
            _maybe = null; // nothing was written
            throw;
        }
    }

    /// <summary>The facts of an append have the positions and the versions of its receipt.</summary>
    void Learn(AppendReceipt receipt)
    {
        var first = _model.Ever.Count - (int)receipt.Count;
        for (var i = 0; i < receipt.Count; i++)
            _model = _model with { Ever = _model.Ever.SetItem(first + i, _model.Ever[first + i] with { Position = new Position(receipt.FirstPosition.Value + i) }) };
        foreach (var (stream, version) in receipt.Versions)
            Require(_model.VersionOf(stream) == version.Value, $"the receipt says {stream} v{version}, not v{_model.VersionOf(stream)}");
    }

    async Task RepeatAsync()
    {
        var (id, (request, first)) = _model.Appends.ElementAt(_random.Next(_model.Appends.Count));
        var isOther = _random.Next(4) == 0;
        var policy = _random.Next(2) == 0 ? RepeatPolicy.SameContent : RepeatPolicy.SameId;
        var repeat = request with { OnRepeat = policy, Facts = isOther ? [.. request.Facts, new NewFact("n/a", "other", "-1")] : request.Facts };
        if (mistake == PlantedMistakeTogether.RepeatIsForgotten) repeat = repeat with { AppendId = id + "x", Conditions = [] };
        var outcome = await TryAsync(repeat, after: null);
        var receipt = outcome switch
        {
            AppendOutcome.Duplicate duplicate when !isOther || policy == RepeatPolicy.SameId => duplicate.Receipt,
            AppendOutcome.AppendIdReused reused when isOther && policy == RepeatPolicy.SameContent => reused.Receipt,
            _ => throw new SimulationFailure($"the repeat of {id} was answered with {outcome}"),
        };
        Require(receipt.FirstPosition == _model.Ever[first].Position && receipt.Count == request.Facts.Count, $"the repeat of {id} has the receipt {receipt}, and the first was at {_model.Ever[first].Position}");
        Count(isOther ? "repeat with other content" : "repeat");
    }

    async Task WriteRecordAsync()
    {
        var key = DrawKey();
        var stream = Readings.Store.StreamOf(key);
        var fact = _random.Next(4) == 0 ? Readings.Store.NewRetraction(key) : Readings.Store.NewValue(key, new Value(_random.Next(100)));
        if (fact.Value is { } value) fact = new NewFact(stream, fact.Type, JsonSerializer.Serialize((Value)value, ReadingJson.Default.Reading));
        var conditions = _random.Next(3) switch
        {
            0 => [_model.RecordOf(stream) is { } json ? AppendCondition.RecordEquals(stream, json) : AppendCondition.RecordMissing(stream)],
            1 => [AppendCondition.RecordAt(stream, new StreamVersion(_model.RecordOf(stream) is null ? 0 : _model.VersionOf(stream)))],
            _ => Array.Empty<AppendCondition>(),
        };
        var after = _model.With(new AppendRequest(fact));
        if (await TryAsync(new AppendRequest(fact) { Conditions = conditions }, after) is not { } outcome) return;
        Learn(outcome is AppendOutcome.Committed committed ? committed.Receipt : throw new SimulationFailure($"the write of a record was answered with {outcome}"));
        Count(fact.Retracts ? "record retracted" : "record written");
    }

    async Task WriteEntryAsync()
    {
        var values = _ledger!.KeyValue(Bucket, ReadingJson.Default.Reading);
        var name = DrawKey();
        var (before, version) = _model.Cells.GetValueOrDefault(name);
        var value = new Value(_random.Next(100));
        var json = JsonSerializer.Serialize(value, ReadingJson.Default.Reading);
        var after = _model with { Cells = _model.Cells.SetItem(name, (json, version + 1)) };
        var kind = _random.Next(4);
        Trace?.WriteLine($"entry {name} from '{before}' v{version} by {kind}");
        switch (kind)
        {
            case 0:
                await ChangeAsync(_model with { Cells = _model.Cells.SetItem(name, (null, version + 1)) }, async () => await values.DeleteAsync(name, Cancellation));
                break;
            case 1:
                await ChangeAsync(before is null ? after : _model, async () => Require(await values.PutNewAsync(name, value, Cancellation) is KeyValueOutcome<Value>.Stored == before is null, "a new entry was written over one that is there, or not written"));
                break;
            case 2:
                var isOld = _random.Next(3) == 0;
                var at = new CellVersion(isOld ? version + 1 : before is null ? 0 : version);
                await ChangeAsync(isOld ? _model : after, async () =>
                {
                    var outcome = await values.CompareAndSwapAsync(name, at, value, Cancellation);
                    Require(outcome is KeyValueOutcome<Value>.Stored == !isOld, $"a swap of {name} at version {at}, which is '{before}' at version {version}, was answered with {outcome}");
                });
                break;
            default:
                await ChangeAsync(after, async () => await values.PutAsync(name, value, Cancellation));
                break;
        }

        Count("entry");
    }

    /// <summary>Does what reads and appends: if it ends with an exception, it may have appended.</summary>
    async Task ChangeAsync(PlainLedger after, Func<Task> change)
    {
        _maybe = after;
        await change();
        (_model, _maybe) = (after, null);
    }

    async Task DecideAsync()
    {
        var stream = DrawStream();
        var through = _model.DroppedThrough(stream);
        var (held, version) = (_model.EverOf(stream).ToList(), _model.VersionOf(stream));
        var expected = Fold(held);
        var number = _random.Next(1_000).ToString(CultureInfo.InvariantCulture);
        var fact = new NewFact(stream, "number", number);
        var appends = expected.Sum % 3 != 0;
        try
        {
            await ChangeAsync(appends ? _model.With(new AppendRequest(fact)) : _model, async () =>
            {
                var decided = await _ledger!.DecideAsync(V1, stream, tally =>
                {
                    Require(tally == expected, $"a decider of {stream} has another state than a full fold");
                    return appends ? [fact] : [];
                }, cancellationToken: Cancellation);
                Require(decided.Version.Value == version + (appends ? 1 : 0), $"a decision on {stream} is of version {decided.Version}");
            });
        }
        catch (HistoryDroppedException dropped)
        {
            Require(through > 0 && dropped.Dropped.Stream == stream && dropped.Dropped.Through.Value == through, $"a decider was told of {dropped.Dropped}");
            _maybe = null;
            Count("decision without what was dropped");
            return;
        }

        await LearnPositionsAsync();
        Count(appends ? "decision" : "decision of nothing");
    }

    static Tally Fold(IEnumerable<PlainFact> facts) => facts.Aggregate(Tally.Empty, static (tally, fact) => Next(tally, fact));

    static Tally Next(Tally tally, PlainFact fact)
    {
        var number = long.Parse(fact.Json!, CultureInfo.InvariantCulture);
        return tally with { Count = tally.Count + 1, Sum = unchecked((tally.Sum * 31) + number), Last = number };
    }

    async Task TruncateAsync()
    {
        var stream = _random.Next(4) == 0 ? Readings.Store.StreamOf(DrawKey()) : new StreamName("t", DrawKey());
        var last = _model.VersionOf(stream);
        if (last <= _model.DroppedThrough(stream)) return;
        var through = _random.Next(5) == 0 ? last : _random.NextInt64(_model.DroppedThrough(stream) + 1, last + 1);
        var isDelete = through == last && _random.Next(2) == 0;
        var dropped = mistake == PlantedMistakeTogether.TruncatesOneLess && through > 1 ? through - 1 : through;
        if (dropped <= _model.DroppedThrough(stream)) return;
        await ChangeAsync(_model.WithDropped(stream, through), async () =>
        {
            var receipt = isDelete ? await _ledger!.DeleteAsync(stream, "not needed", cancellationToken: Cancellation) : await _ledger!.TruncateAsync(stream, new StreamVersion(dropped), "not needed", cancellationToken: Cancellation);
            Require(mistake != PlantedMistakeTogether.None || (receipt.Through.Value == through && receipt.LastPosition == _model.EverOf(stream).ElementAt((int)through - 1).Position), $"a truncation of {stream} through {through} has the receipt {receipt}");
        });
        Count(isDelete ? "delete" : "truncation");
    }

    async Task PutBlobAsync()
    {
        var content = new byte[_random.Next(1, 3_000)];
        _random.NextBytes(content);
        if (_model.Blobs.Count > 0 && _random.Next(4) == 0) content = _model.Blobs.Values.First();
        var reference = await _ledger!.Blobs.PutAsync(new MemoryStream(content), "image/png", Cancellation);
        _model = _model with { Blobs = _model.Blobs.SetItem(reference.Cid, content) };
        Count("blob");
        await AppendAsync(new AppendRequest(new NewFact(new StreamName("photos", DrawKey()), "added", JsonSerializer.Serialize(reference))));
    }

    async Task StepProjectionAsync(KeptProjection kept)
    {
        var versions = new[] { kept.Old, kept.Newest }.OfType<KeptVersion<Tally>>().ToList();
        var version = versions[_random.Next(versions.Count)];
        switch (_random.Next(4))
        {
            case 0:
                await version.FoldToAsync(await _ledger!.GetHeadAsync(Cancellation), Cancellation);
                break;
            case 1:
                if (mistake == PlantedMistakeTogether.CheckpointFirst && version.Checkpoint.Stored is not null) await version.Checkpoint.WriteAsync(version.Seen, promotion: null, failure: null);
                await version.SnapshotAsync();
                Count("snapshot");
                break;
            case 2:
                await kept.BuildAsync(Cancellation);
                await kept.PromoteAsync(Cancellation);
                Count($"{kept.Definition} built");
                break;
            default:
                await kept.CleanUpAsync(Cancellation);
                break;
        }
    }
}
