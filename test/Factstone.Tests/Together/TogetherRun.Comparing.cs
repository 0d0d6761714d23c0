using System.Collections.Immutable;
using System.Globalization;
using Factstone.Tests.Projections;
using Factstone.Tests.Records;
using Factstone.Tests.Simulation;

namespace Factstone.Tests.Together;

/// <summary>Whether the ledger is as the model.</summary>
internal sealed partial class TogetherRun
{
    /// <summary>What is different in the ledger from a model: facts, what was dropped, entries, append ids, blobs; null for nothing.</summary>
    async Task<string?> DifferenceAsync(PlainLedger model)
    {
        var facts = await UserFactsAsync();
        var held = model.Held.ToList();
        for (var i = 0; i < Math.Max(held.Count, facts.Count); i++)
        {
            if (i == held.Count) return $"the ledger also holds {Named(facts[i])}";
            if (i == facts.Count || !held[i].IsSameAs(facts[i])) return $"the ledger holds {(i == facts.Count ? "nothing" : Named(facts[i]))}, and the model {held[i]}; dropped are {string.Join(' ', model.Dropped.Select(static one => $"{one.Key} v{one.Value}"))}";
        }

        foreach (var (stream, through) in model.Dropped)
            if (await VersionAsync(stream) is var version && version != model.VersionOf(StreamName.Parse(stream))) return $"{stream}, truncated through {through}, is at version {version}";

        var cells = await _ledger!.ListCellsAsync(Bucket, cancellationToken: Cancellation).ToListAsync(Cancellation);
        var expected = model.Cells.Where(static cell => cell.Value.Value is not null).ToList();
        if (cells.Count != expected.Count) return $"the ledger holds {cells.Count} entries, and the model {expected.Count}";
        foreach (var cell in cells)
            if (!model.Cells.TryGetValue(cell.Name, out var one) || one != (System.Text.Encoding.UTF8.GetString(cell.Value.Span), cell.Version.Value)) return $"the entry {cell.Name} is at version {cell.Version}, and in the model {one}";

        foreach (var name in Keys) // a delete of a cell without a value shows in its version alone
            if (_ledger.Storage.StateOf(new CellName(Bucket, name), Cancellation).Version.Value is var version && version != model.Cells.GetValueOrDefault(name).Version) return $"the entry {name} is at version {version}, and in the model at {model.Cells.GetValueOrDefault(name).Version}";

        foreach (var (id, (request, first)) in model.Appends)
        {
            if (await _ledger.FindAppendAsync(id, Cancellation) is not { } receipt) return $"the append {id} is not known";
            if (receipt.Count != request.Facts.Count || (model.Ever[first].Position is { Value: > 0 } position && receipt.FirstPosition != position)) return $"the append {id} is at {receipt.FirstPosition}, and in the model at {model.Ever[first].Position}";
        }

        foreach (var (cid, content) in model.Blobs)
            if (!(await _ledger.Blobs.ReadAsync(cid, cancellationToken: Cancellation)).SequenceEqual(content)) return $"the blob {cid} has other content";
        return null;
    }

    static string Named(Fact fact) => $"{fact.Stream} v{fact.StreamVersion} {fact.Type} {fact.Json} @{fact.Position}";

    async Task<long> VersionAsync(string stream) => (await _ledger!.GetVersionAsync(StreamName.Parse(stream), cancellationToken: Cancellation)).Value;

    async Task<List<Fact>> UserFactsAsync() => await _ledger!.ReadAsync(cancellationToken: Cancellation).Where(static fact => !fact.Stream.Store.StartsWith('$')).ToListAsync(Cancellation);

    /// <summary>Takes over the positions of facts that were appended by a call that does not say them.</summary>
    async Task LearnPositionsAsync()
    {
        if (_model.Ever.All(static fact => fact.Position > Position.None)) return;
        var facts = (await UserFactsAsync()).ToDictionary(static fact => (fact.Stream, fact.StreamVersion.Value), static fact => fact.Position);
        for (var i = 0; i < _model.Ever.Count; i++)
        {
            var one = _model.Ever[i];
            if (one.Position == Position.None) _model = _model with { Ever = _model.Ever.SetItem(i, one with { Position = facts[(one.Stream, one.Version)] }) };
        }
    }

    async Task CompareReadsAsync()
    {
        var ledger = _ledger!;
        var asOf = _random.Next(2) == 0 ? LastPosition : new Position(_random.Next((int)LastPosition.Value + 1));
        var seen = _model.Ever.Where(fact => fact.Position <= asOf).ToList();
        var stream = _random.Next(4) == 0 ? Readings.Store.StreamOf(DrawKey()) : DrawStream();
        var through = _model.DroppedThrough(stream);
        var ofStream = seen.Where(fact => fact.Stream == stream).ToList();
        var version = ofStream.Count;

        // A stream, by a part of its versions and by type.
        var options = new StreamReadOptions
        {
            AsOf = LedgerTime.AtPosition(asOf),
            From = new StreamVersion(_random.Next(3) == 0 ? _random.Next(version + 2) : 0),
            Backward = _random.Next(3) == 0,
            Limit = _random.Next(3) == 0 ? _random.Next(5) : null,
            Types = _random.Next(4) == 0 ? ["number"] : [],
        };
        var part = ofStream.Where(fact => _model.IsHeld(fact) && (options.Types.Count == 0 || fact.Type == "number"));
        part = options.Backward ? part.Where(fact => options.From.Value == 0 || fact.Version <= options.From.Value).Reverse() : part.Where(fact => fact.Version >= options.From.Value);
        var expected = part.Take((int)(options.Limit ?? int.MaxValue)).ToList();
        var read = await ledger.ReadStreamAsync(stream, options, Cancellation).ToListAsync(Cancellation);
        Same(expected, read, $"{stream} as of {asOf}, {options}");
        if (await CountAsync(stream, options) is { } count) Require(count == expected.Count, $"{stream} as of {asOf} has {count} of {expected.Count} facts, {options}");
        Require((await ledger.GetVersionAsync(stream, options.AsOf, Cancellation)).Value == version, $"{stream} is at another version");

        // A query.
        var query = _random.Next(3) switch { 0 => FactQuery.Store("n"), 1 => FactQuery.Store("t"), _ => FactQuery.Types("other") };
        var from = new Position(_random.Next((int)LastPosition.Value + 1));
        var matching = await ledger.ReadAsync(query, new ReadOptions { AsOf = options.AsOf, From = from }, Cancellation).ToListAsync(Cancellation);
        Same([.. seen.Where(fact => _model.IsHeld(fact) && fact.Position >= from && Matches(query, fact))], matching, $"{query} as of {asOf}");

        // A record.
        var key = DrawKey();
        var record = Readings.Store.StreamOf(key);
        var changes = seen.Where(fact => fact.Stream == record).ToList();
        var now = changes.LastOrDefault() is { Retracts: false } last && _model.IsHeld(last) ? last.Json : null;
        var value = await ledger.Records(Readings.Store).AsOf(options.AsOf).ReadAsync(key, Cancellation);
        Require((value is null) == (now is null) && (value is null || value.Version.Value == changes.Count), $"the record {key} as of {asOf} is {value}, and in the model {now}");

        // The catalog counts what ever was.
        Require(await ledger.StreamExistsAsync(stream, options.AsOf, Cancellation) == version > 0, $"{stream} exists or not as of {asOf}");
        var streams = await ledger.ListStreamsAsync("t", new ListOptions { AsOf = options.AsOf }, Cancellation).Select(static one => (one.Stream.Key, one.Version.Value)).ToListAsync(Cancellation);
        Require(streams.SequenceEqual(seen.Where(static fact => fact.Stream.Store == "t").GroupBy(static fact => fact.Stream.Key).Select(static group => (group.Key, (long)group.Count())).OrderBy(static one => one.Key, StringComparer.Ordinal)), $"the list of streams as of {asOf} is {string.Join(' ', streams)}");

        // A live fold.
        try
        {
            var live = await ledger.AsOf(options.AsOf).ProjectAsync(V1, stream, Cancellation);
            if (stream.Store != Readings.Store.Name) Require(live.State == Fold(ofStream), $"a live fold of {stream} as of {asOf} has another state");
            Require(ofStream.All(_model.IsHeld), $"a fold of {stream} has passed over what was dropped");
        }
        catch (HistoryDroppedException)
        {
            Require(through > 0, $"a fold of {stream} says that history is dropped, and none is");
            Count("fold without what was dropped");
        }
        catch (Exception wrong) when (stream.Store == Readings.Store.Name && wrong is FormatException or ArgumentNullException)
        {
            // The step wants numbers.
        }

        Count("reads compared");
    }

    /// <summary>The number of facts of a part of a stream; null if what was dropped would have to be counted.</summary>
    async Task<long?> CountAsync(StreamName stream, StreamReadOptions options)
    {
        try
        {
            return await _ledger!.CountStreamAsync(stream, options, Cancellation);
        }
        catch (HistoryDroppedException)
        {
            Require(_model.DroppedThrough(stream) > 0, $"a count of {stream} says that history is dropped, and none is");
            return null;
        }
    }

    static bool Matches(FactQuery query, PlainFact fact) => query[0].Store is { } store ? fact.Stream.Store == store : query[0].Types.Contains(fact.Type);

    static void Same(List<PlainFact> expected, List<Fact> read, string what)
    {
        Require(expected.Count == read.Count, $"a read of {what} has {read.Count} of {expected.Count} facts");
        for (var i = 0; i < read.Count; i++) Require(expected[i].IsSameAs(read[i]), $"a read of {what} has {read[i].Stream} v{read[i].StreamVersion} at {read[i].Position} in place of {expected[i]}");
    }

    /// <summary>Each state is that of the full fold up to its position. Only where history was dropped may a projection stop, and then it says so.</summary>
    async Task CompareProjectionsAsync()
    {
        foreach (var kept in Kept)
        {
            foreach (var version in new[] { kept.Old, kept.Newest }.OfType<KeptVersion<Tally>>())
            {
                if (!kept.IsAnswering(version)) continue;
                var isCut = kept.Definition.Name == Cut.Name;
                foreach (var key in isCut ? [""] : Keys)
                {
                    if (!kept.IsAnswering(version) || await ReadAsync(version, key) is not { } read) continue;
                    var facts = _model.Ever.Where(fact => fact.Position <= read.Position && (isCut ? fact.Stream.Store == "t" : fact.Stream == new StreamName("n", key)));
                    var expected = facts.Aggregate(Tally.Empty, (tally, fact) => read.ProjectionVersion == 2 ? Next(Next(tally, fact), fact) : Next(tally, fact));
                    Require(read.State == expected, string.Create(CultureInfo.InvariantCulture, $"{version.Definition} has another state of '{key}' at position {read.Position} than a full fold"));
                    Count(isCut && _model.Dropped.Keys.Any(static stream => stream.StartsWith("t/", StringComparison.Ordinal)) ? "projection beyond what was dropped" : "projection read");
                    if (kept.IsInline && kept.IsFoldedByAppends && version == kept.Newest) Require(read.Position >= LastPosition, "an append was answered and not folded");
                }
            }
        }
    }

    async Task<Projected<Tally>?> ReadAsync(KeptVersion<Tally> version, string key)
    {
        try
        {
            return await _ledger!.ReadProjectionAsync((Projection<Tally>)version.Definition, key.Length == 0 ? null : key, cancellationToken: Cancellation);
        }
        catch (ProjectionFailedException failed)
        {
            Require(failed.InnerException is HistoryDroppedException && _model.Dropped.Keys.Any(static stream => stream.StartsWith("t/", StringComparison.Ordinal)), $"a projection has failed: {failed}");
            Count("projection without what was dropped");
            return null;
        }
    }
}
