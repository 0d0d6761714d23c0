using System.Text;

namespace Factstone.Testing;

/// <summary>The simplest possible ledger: lists in memory, searched from one end to the other.</summary>
/// <remarks>
/// It gives the answers that a real ledger must give. It shares no code with one, and is correct because it is short. It
/// checks no limits: give it what a ledger has accepted. It has no clock: the time of an append is a parameter, because only the ledger knows it.
/// Threads: one at a time.
/// </remarks>
public sealed class ModelLedger
{
    readonly List<ModelFact> _facts;
    readonly List<ModelAppend> _appends;
    readonly List<ModelCell> _cells;

    /// <summary>An empty ledger.</summary>
    public ModelLedger() : this([], [], []) { }

    ModelLedger(List<ModelFact> facts, List<ModelAppend> appends, List<ModelCell> cells) => (_facts, _appends, _cells) = (facts, appends, cells);

    /// <summary>All facts, in order of position: the fact at position n is at index n − 1.</summary>
    public IReadOnlyList<ModelFact> Facts => _facts;

    /// <summary>All appends that committed, in order.</summary>
    public IReadOnlyList<ModelAppend> Appends => _appends;

    /// <summary>The last position; 0 in an empty ledger.</summary>
    public Position Head => new(_facts.Count);

    /// <summary>A second ledger with the same facts and cells. They never change, so only the lists are copied.</summary>
    public ModelLedger Clone() => new([.. _facts], [.. _appends], [.. _cells]);

    /// <summary>Removes every append with a fact beyond a position, as a crash may lose what was not acknowledged.</summary>
    public void Truncate(Position head)
    {
        _appends.RemoveAll(append => append.Last > head);
        var kept = _appends.Count == 0 ? 0 : _appends[^1].Last.Value;
        _facts.RemoveRange((int)kept, _facts.Count - (int)kept);
        _cells.RemoveAll(cell => cell.Append >= _appends.Count);
    }

    /// <summary>Decides an append on everything that came before, and keeps its facts and cells if it is accepted.</summary>
    /// <param name="request">The append; its lists are copied.</param>
    /// <param name="recordedAtMicroseconds">The time it gets if it commits, in microseconds since 1970.</param>
    public ModelOutcome Append(AppendRequest request, long recordedAtMicroseconds)
    {
        ArgumentNullException.ThrowIfNull(request);
        var outcome = Decide(request);
        if (outcome is not null) return outcome;

        var first = Head.Next();
        var facts = new List<ModelFact>();
        foreach (var proposed in request.Facts)
        {
            var fact = new ModelFact
            {
                Position = new Position(first.Value + facts.Count),
                StreamVersion = new StreamVersion(_facts.Count(one => one.Stream == proposed.Stream) + facts.Count(one => one.Stream == proposed.Stream) + 1),
                RecordedAtMicroseconds = recordedAtMicroseconds,
                CausePosition = proposed.CausationIndex is { } cause ? facts[cause].Position : null,
                Proposed = proposed with { Tags = [.. proposed.Tags.Order(ByUtf8Bytes)], Payload = proposed.Payload.ToArray() },
            };
            facts.Add(fact);
        }

        _facts.AddRange(facts);
        foreach (var cell in request.Cells)
        {
            var kept = cell.IsDelete ? cell : NewCell.Put(cell.Cell.Bucket, cell.Cell.Name, cell.Value.ToArray());
            _cells.Add(new ModelCell(kept, Version(cell.Cell).Next(), recordedAtMicroseconds, _appends.Count));
        }

        _appends.Add(new ModelAppend(request.AppendId, first, Head, recordedAtMicroseconds));
        return new ModelOutcome.Committed(_appends[^1]);
    }

    /// <summary>The outcome of an append that would not commit now; null if it would.</summary>
    public ModelOutcome? Decide(AppendRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.AppendId is { } id && FindAppend(id) is { } before)
        {
            var difference = ModelRepeat.Difference([.. FactsOf(before).Select(fact => fact.Proposed)], [.. CellsOf(before).Select(cell => cell.Proposed)], request);
            return difference is null || request.OnRepeat == RepeatPolicy.SameId ? new ModelOutcome.Duplicate(before, difference) : new ModelOutcome.AppendIdReused(before, difference);
        }

        for (var i = 0; i < request.Conditions.Count; i++)
            if (!Holds(request.Conditions[i])) return Conflict(i, request.Conditions[i]);
        return null;
    }

    /// <summary>Whether a condition holds at the head.</summary>
    public bool Holds(AppendCondition condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        if (condition.IsOnCell) return HoldsOfCell(condition);
        if (condition.Query is { } query) return !Matching(query, condition.After ?? Position.None).Any();
        var version = Version(condition.Stream);
        var latest = Latest(condition.Stream);
        return condition.Kind switch
        {
            AppendConditionKind.StreamAt => version == condition.Version,
            AppendConditionKind.StreamMissing => version == StreamVersion.None,
            AppendConditionKind.StreamExists => version > StreamVersion.None,
            AppendConditionKind.RecordAt => latest is not null && version == condition.Version,
            AppendConditionKind.RecordMissing => latest is null,
            _ => latest is { ContentType: null, Proposed.Payload.IsEmpty: false } && ModelJson.AreEqual(latest.Proposed.Payload.Span, condition.Value.Span),
        };
    }

    /// <summary>The facts after a position that match a query.</summary>
    public IEnumerable<ModelFact> Matching(FactQuery query, Position after) => _facts.Where(fact => fact.Position > after && ModelQuery.Matches(query, fact.Proposed));

    /// <summary>The append with this id; null if there is none.</summary>
    public ModelAppend? FindAppend(string appendId) => _appends.Find(append => append.AppendId == appendId);

    /// <summary>The facts of one append.</summary>
    public IEnumerable<ModelFact> FactsOf(ModelAppend append)
    {
        ArgumentNullException.ThrowIfNull(append);
        return _facts.Where(fact => fact.Position >= append.First && fact.Position <= append.Last);
    }

    /// <summary>The cells that an append wrote, in its order.</summary>
    public IEnumerable<ModelCell> CellsOf(ModelAppend append) => _cells.Where(cell => cell.Append == _appends.IndexOf(append));

    /// <summary>The number of writes of a cell; 0 if there are none.</summary>
    public CellVersion Version(CellName cell) => new(_cells.Count(one => one.Proposed.Cell == cell));

    /// <summary>The write that gives a cell its value; null if it has none.</summary>
    public ModelCell? ReadCell(CellName cell) => _cells.LastOrDefault(one => one.Proposed.Cell == cell) is { Proposed.IsDelete: false } last ? last : null;

    /// <summary>The cells of a bucket that have a value, in the order of their names' UTF-8 bytes.</summary>
    public IEnumerable<ModelCell> ListCells(string bucket, string prefix = "", string? after = null, long? limit = null)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        var names = _cells.Select(cell => cell.Proposed.Cell).Where(cell => cell.Bucket == bucket).Distinct()
            .Where(cell => cell.Name.StartsWith(prefix, StringComparison.Ordinal) && (after is null || ByUtf8Bytes.Compare(cell.Name, after) > 0))
            .OrderBy(cell => cell.Name, ByUtf8Bytes);
        var cells = names.Select(ReadCell).OfType<ModelCell>();
        return limit is { } count ? cells.Take((int)Math.Min(count, int.MaxValue)) : cells;
    }

    /// <summary>The last version of each stream that an append wrote to, in the order of the first write to each.</summary>
    public IReadOnlyList<StreamAndVersion> VersionsOf(ModelAppend append) =>
        [.. FactsOf(append).GroupBy(fact => fact.Stream).Select(stream => new StreamAndVersion(stream.Key, stream.Last().StreamVersion))];

    /// <summary>The position of the last fact recorded at or before a time, in microseconds since 1970; 0 for none.</summary>
    public Position RecordedBy(long microseconds) => new(_facts.Count(fact => fact.RecordedAtMicroseconds <= microseconds));

    /// <summary>The last version of a stream as of a position; 0 if it has no fact.</summary>
    public StreamVersion Version(StreamName stream, Position? asOf = null) => new(StreamUpTo(stream, asOf).Count());

    /// <summary>The fact that gives a record its value as of a position; null if it has none.</summary>
    public ModelFact? Latest(StreamName stream, Position? asOf = null) =>
        StreamUpTo(stream, asOf).LastOrDefault() is { Proposed.Retracts: false } fact ? fact : null;

    /// <summary>Facts of a stream, as a read with these options returns them.</summary>
    public IEnumerable<ModelFact> ReadStream(StreamName stream, StreamVersion from = default, bool backward = false, long? limit = null, Position? asOf = null)
    {
        var facts = StreamUpTo(stream, asOf);
        if (from > StreamVersion.None) facts = facts.Where(fact => backward ? fact.StreamVersion <= from : fact.StreamVersion >= from);
        return Limited(backward ? facts.Reverse() : facts, limit);
    }

    /// <summary>Facts of the whole ledger, as a read with these options returns them.</summary>
    public IEnumerable<ModelFact> Read(Position from = default, bool backward = false, long? limit = null, Position? asOf = null)
    {
        var facts = UpTo(asOf);
        if (from > Position.None) facts = facts.Where(fact => backward ? fact.Position <= from : fact.Position >= from);
        return Limited(backward ? facts.Reverse() : facts, limit);
    }

    /// <summary>The records of a store that have a value as of a position, in the order of their keys' UTF-8 bytes.</summary>
    public IEnumerable<ModelFact> List(string store, string prefix = "", string? after = null, long? limit = null, Position? asOf = null)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        var keys = UpTo(asOf).Where(fact => fact.Stream.Store == store).Select(fact => fact.Stream.Key).Distinct()
            .Where(key => key.StartsWith(prefix, StringComparison.Ordinal) && (after is null || ByUtf8Bytes.Compare(key, after) > 0))
            .Order(ByUtf8Bytes);
        return Limited(keys.Select(key => Latest(new StreamName(store, key), asOf)).OfType<ModelFact>(), limit);
    }

    /// <summary>The order of names, keys and tags: unsigned bytes of UTF-8.</summary>
    public static Comparer<string> ByUtf8Bytes { get; } =
        Comparer<string>.Create((x, y) => Encoding.UTF8.GetBytes(x).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y)));

    ModelOutcome.Conflict Conflict(int index, AppendCondition condition)
    {
        if (condition.IsOnCell) return new ModelOutcome.Conflict(index, condition, StreamVersion.None, []) { ActualCellVersion = Version(condition.Cell) };
        if (condition.Query is { } query) return new ModelOutcome.Conflict(index, condition, StreamVersion.None, [.. Matching(query, condition.After ?? Position.None)]);
        var facts = ReadStream(condition.Stream).ToList();
        var beaten = condition.Kind switch
        {
            AppendConditionKind.StreamAt or AppendConditionKind.RecordAt => facts.Where(fact => fact.StreamVersion > condition.Version),
            AppendConditionKind.StreamMissing => facts,
            AppendConditionKind.RecordMissing or AppendConditionKind.RecordEquals => facts.TakeLast(1),
            _ => [],
        };
        return new ModelOutcome.Conflict(index, condition, new StreamVersion(facts.Count), [.. beaten]);
    }

    bool HoldsOfCell(AppendCondition condition)
    {
        var latest = ReadCell(condition.Cell);
        return condition.Kind switch
        {
            AppendConditionKind.CellAt => latest?.Version == condition.CellVersion,
            AppendConditionKind.CellAbsent => latest is null,
            _ => latest is not null && latest.Proposed.Value.Span.SequenceEqual(condition.Value.Span),
        };
    }

    IEnumerable<ModelFact> UpTo(Position? asOf) => asOf is { } position ? _facts.Where(fact => fact.Position <= position) : _facts;

    IEnumerable<ModelFact> StreamUpTo(StreamName stream, Position? asOf) => UpTo(asOf).Where(fact => fact.Stream == stream);

    static IEnumerable<ModelFact> Limited(IEnumerable<ModelFact> facts, long? limit) => limit is { } count ? facts.Take((int)Math.Min(count, int.MaxValue)) : facts;
}
