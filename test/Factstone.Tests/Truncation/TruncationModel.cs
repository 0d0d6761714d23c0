namespace Factstone.Tests.Truncation;

/// <summary>What a ledger with truncations must answer: a list of all facts ever appended, and through which version each stream is dropped.</summary>
internal sealed class TruncationModel
{
    readonly List<ModelFact> _facts = [];
    readonly Dictionary<StreamName, long> _dropped = [];

    /// <summary>All facts ever, in order; the receipts are facts of a reserved store.</summary>
    public IReadOnlyList<ModelFact> Ever => _facts;

    public long Head => _facts.Count;

    public IEnumerable<ModelFact> Held => _facts.Where(IsHeld);

    public IEnumerable<StreamName> Streams => _facts.Where(fact => !fact.IsOwn).Select(fact => fact.Stream).Distinct();

    public bool IsHeld(ModelFact fact) => !fact.IsOwn && fact.Version > Dropped(fact.Stream);

    public long Dropped(StreamName stream) => _dropped.GetValueOrDefault(stream);

    public long Version(StreamName stream) => _facts.FindLast(fact => fact.Stream == stream)?.Version ?? 0;

    public ModelFact? Latest(StreamName stream, long until) =>
        _facts.FindLast(fact => fact.Stream == stream && fact.Position <= until) is { Retracts: false } last && IsHeld(last) ? last : null;

    public void Append(NewFact fact) =>
        _facts.Add(new ModelFact(_facts.Count + 1, fact.Stream, Version(fact.Stream) + 1, fact.Type, [.. fact.Tags], fact.Retracts, fact.PayloadText ?? ""));

    public void Truncate(StreamName stream, long through)
    {
        if (through <= Dropped(stream)) return;
        _dropped[stream] = through;
        Append(NewFact.WithoutPayload("$receipts/truncate", "truncated"));
    }

    public bool Holds(AppendCondition condition) => condition.Kind switch
    {
        AppendConditionKind.StreamAt => Version(condition.Stream) == condition.Version.Value,
        AppendConditionKind.StreamMissing => Version(condition.Stream) == 0,
        AppendConditionKind.StreamExists => Version(condition.Stream) > 0,
        AppendConditionKind.RecordAt => Latest(condition.Stream, Head) is { } latest && latest.Version == condition.Version.Value,
        AppendConditionKind.RecordMissing => Latest(condition.Stream, Head) is null,
        AppendConditionKind.RecordEquals => Latest(condition.Stream, Head) is { } latest && latest.Payload == System.Text.Encoding.UTF8.GetString(condition.Value.Span),
        _ => !Failing(condition).Any(),
    };

    /// <summary>The facts that a condition by query excludes: after a position all that ever matched, without one the held ones.</summary>
    public IEnumerable<ModelFact> Failing(AppendCondition condition) =>
        Matching(condition.Query!).Where(fact => condition.After is { } after ? fact.Position > after.Value : IsHeld(fact));

    public IEnumerable<ModelFact> Matching(FactQuery query) => _facts.Where(fact => query.Matches(fact.Stream.Store, fact.Stream.Key, fact.Type, fact.Tags));

    public IEnumerable<ModelFact> HeldMatching(FactQuery query) => Matching(query).Where(IsHeld);
}

internal sealed record ModelFact(long Position, StreamName Stream, long Version, string? Type, string[] Tags, bool Retracts, string Payload)
{
    public bool IsOwn => NameCheck.IsOwn(Stream.Store);
}
