namespace Factstone.Tests.Simulation;

/// <summary>The simplest model of a ledger: a list of facts that every query scans from the first to the last.</summary>
internal sealed class ModelFacts
{
    readonly List<ModelFact> _facts = [];
    readonly Dictionary<StreamName, List<ModelFact>> _streams = [];
    readonly Dictionary<string, ModelAppend> _appends = [];

    public IReadOnlyList<ModelFact> All => _facts;

    public ModelCells Cells { get; } = new();

    /// <summary>The number of committed appends.</summary>
    public int Count { get; private set; }

    /// <summary>The time of the last append; null in an empty ledger.</summary>
    public DateTimeOffset? LastTime { get; private set; }

    public long Head => _facts.Count;

    public IReadOnlyDictionary<string, ModelAppend> Appends => _appends;

    public IEnumerable<StreamName> Streams => _streams.Keys;

    public IReadOnlyList<ModelFact> Stream(StreamName name) => _streams.GetValueOrDefault(name) ?? [];

    public ModelFact? LastAt(StreamName name, long position) => Stream(name).LastOrDefault(fact => fact.Position <= position);

    public long PositionAt(DateTimeOffset time) => _facts.LastOrDefault(fact => fact.RecordedAt <= time)?.Position ?? 0;

    public bool Holds(AppendCondition condition) => condition.IsOnCell ? Cells.Holds(condition, Cells.Writes(condition.Cell).Count) : Holds(condition, Head);

    /// <summary>The facts after one position and up to another that match a query.</summary>
    public IEnumerable<ModelFact> Matching(FactQuery query, long after, long until) =>
        _facts.Skip((int)after).Take((int)Math.Max(0, until - after)).Where(fact => Testing.ModelQuery.Matches(query, fact.Fact));

    public bool Holds(AppendCondition condition, long position)
    {
        if (condition.Query is { } query) return !Matching(query, condition.After?.Value ?? 0, position).Any(fact => !condition.CountsOn.Any(place => place.Contains(new Position(fact.Position))));
        var last = LastAt(condition.Stream, position);
        var hasValue = last is { Fact.Retracts: false };
        return condition.Kind switch
        {
            AppendConditionKind.StreamAt => (last?.Version ?? 0) == condition.Version.Value,
            AppendConditionKind.StreamMissing => last is null,
            AppendConditionKind.StreamExists => last is not null,
            AppendConditionKind.RecordAt => hasValue && last!.Version == condition.Version.Value,
            AppendConditionKind.RecordMissing => !hasValue,
            _ => hasValue && last!.Fact is { ContentType: null, Payload.IsEmpty: false } && CanonicalJson.AreEqual(last.Fact.Payload.Span, condition.Value.Span),
        };
    }

    public void Add(AppendRequest request, DateTimeOffset recordedAt)
    {
        var first = Head + 1;
        foreach (var fact in request.Facts)
        {
            if (!_streams.TryGetValue(fact.Stream, out var stream)) _streams.Add(fact.Stream, stream = []);
            var added = new ModelFact(Head + 1, stream.Count + 1, recordedAt, fact, fact.CausationIndex is { } cause ? first + cause : 0);
            _facts.Add(added);
            stream.Add(added);
        }

        Cells.Add(request.Cells, recordedAt, ++Count);
        LastTime = recordedAt;
        if (request.AppendId is { } id) _appends.Add(id, new ModelAppend(first, request));
    }
}

internal sealed record ModelFact(long Position, long Version, DateTimeOffset RecordedAt, NewFact Fact, long CausePosition);

internal sealed record ModelAppend(long First, AppendRequest Request);
