using System.Runtime.CompilerServices;

namespace Factstone;

/// <summary>Checks a request and its facts against the limits and rules that need no encoding.</summary>
internal static class AppendCheck
{
    /// <summary>Refuses a request that breaks a limit, apart from its facts and cells.</summary>
    /// <exception cref="ArgumentException">Why.</exception>
    public static void Request(AppendRequest request, AppendCondition[] conditions)
    {
        if (request.Facts is null || request.Cells is null || request.Conditions is null) throw new ArgumentException("Facts, Cells and Conditions may be empty, but not null.", nameof(request));
        if (request.Facts.Count == 0 && request.Cells.Count == 0) throw new ArgumentException("The append has no fact and no cell.", nameof(request));
        if (request.Facts.Count > FactLimits.FactsPerAppendMax)
            throw new ArgumentException($"The append has {request.Facts.Count:N0} facts; at most {FactLimits.FactsPerAppendMax:N0} are possible. Split it.", nameof(request));
        if (request.Conditions.Count > FactLimits.ConditionsPerAppendMax)
            throw new ArgumentException($"The append has {request.Conditions.Count:N0} conditions; at most {FactLimits.ConditionsPerAppendMax:N0} are possible.", nameof(request));
        if (request.AppendId is { } id && NameCheck.Text("The append id", id, 1, FactLimits.AppendIdBytesMax) is { } wrongId)
            throw new ArgumentException(wrongId, nameof(request));
        if (request.OnRepeat is not (RepeatPolicy.SameContent or RepeatPolicy.SameId)) throw new ArgumentException($"OnRepeat is {(int)request.OnRepeat}, which is no repeat policy.", nameof(request));
        if (request.OnRepeat == RepeatPolicy.SameId && request.AppendId is null)
            throw new ArgumentException("OnRepeat is SameId, but the append has no id by which a repeat could be recognised. Set AppendId.", nameof(request));
        var names = 0L;
        for (var i = 0; i < conditions.Length; i++)
        {
            if (Wrong(conditions[i]) is { } wrong) throw new ArgumentException($"conditions[{i}]: {wrong}", nameof(request));
            names += conditions[i].Query?.NameCount ?? 0;
        }

        if (names > FactLimits.QueryNamesPerAppendMax)
            throw new ArgumentException($"The queries of the conditions name {names:N0} stores, types and tags; at most {FactLimits.QueryNamesPerAppendMax:N0} are possible in one append.", nameof(request));
    }

    /// <summary>What is wrong with a condition; null if nothing is.</summary>
    public static string? Wrong(AppendCondition condition)
    {
        if (condition is null) return "It is null.";
        if (condition.Query is { } query) return query.Wrong ?? WrongAfter(condition.After);
        if ((condition.IsOnCell ? NameCheck.ForReading(condition.Cell) : NameCheck.ForReading(condition.Stream)) is { } wrong) return wrong;
        switch (condition.Kind)
        {
            case AppendConditionKind.StreamAt when condition.Version < StreamVersion.None:
                return $"A stream cannot be at version {condition.Version}; versions start at 1, and 0 requires that the stream does not exist.";
            case AppendConditionKind.RecordAt when condition.Version < StreamVersion.None:
                return $"A record cannot be at version {condition.Version}; versions start at 1, and 0 requires that it has no value.";
            case AppendConditionKind.CellAt when condition.CellVersion < CellVersion.None:
                return $"A cell cannot be at version {condition.CellVersion}; versions start at 1, and 0 requires that it has no value.";
            case AppendConditionKind.CellEquals when condition.Value.Length > FactLimits.CellValueBytesMax:
                return $"The value has {condition.Value.Length:N0} bytes; a cell has at most {FactLimits.CellValueBytesMax:N0}.";
            case AppendConditionKind.RecordEquals when JsonCheck.Check(condition.Value.Span) is var fault and not JsonFault.None:
                return $"The value is refused: {JsonCheck.Describe(condition.Value.Span, fault)}";
            default:
                return null;
        }
    }

    static string? WrongAfter(Position? after) => after is { Value: < 0 or > Position.MaxValue }
        ? $"There is no position {after}; positions are from 1 to {Position.MaxValue}, and 0 is before the first."
        : null;

    /// <summary>Refuses a fact that cannot be stored, and returns its tags in order.</summary>
    /// <param name="fact">The fact.</param>
    /// <param name="index">Its index in the append.</param>
    /// <param name="before">The fact before it; null for the first.</param>
    /// <param name="keepsTypes">See <see cref="AppendRequest.KeepsTypes"/>.</param>
    /// <remarks>The facts of one append often share their stream and type. What was checked with the fact before is not checked again.</remarks>
    /// <exception cref="ArgumentException">Why.</exception>
    public static string[] Fact(NewFact fact, int index, NewFact? before, bool keepsTypes)
    {
        var hasSameStream = before is not null && fact.IsOwn == before.IsOwn && ReferenceEquals(fact.Stream.Store, before.Stream.Store) && ReferenceEquals(fact.Stream.Key, before.Stream.Key);
        var hasSameType = before is not null && ReferenceEquals(fact.Type, before.Type);
        var wrong = (hasSameStream ? null : fact.IsOwn ? NameCheck.ForReading(fact.Stream) : NameCheck.ForAppending(fact.Stream))
            ?? (!hasSameType && fact.Type is { } type ? WrongType(type, keepsTypes) : null)
            ?? (fact.Correlation is { } correlation ? NameCheck.Text("The correlation", correlation, 1, FactLimits.CorrelationBytesMax) : null)
            ?? (fact.ContentType is { } contentType ? NameCheck.Text("The content type", contentType, 1, FactLimits.ContentTypeBytesMax) : null)
            ?? WrongTimes(fact)
            ?? WrongCause(fact, index)
            ?? (fact.Derivation is { } derivation ? Wrong(derivation) : null)
            ?? (fact.SchemaVersion < 1 ? $"The schema version is {fact.SchemaVersion}; versions start at 1." : null);
        if (wrong is not null) throw Refused(index, fact.Stream, wrong);

        return HasNoTags(fact) ? [] : Sorted(fact, index);
    }

    /// <remarks>Nearly always the empty array of the base library, whose length takes no call.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool HasNoTags(NewFact fact) => fact.Tags is string[] array ? array.Length == 0 : fact.Tags is { Count: 0 };

    static string[] Sorted(NewFact fact, int index)
    {
        if (fact.Tags is null) throw Refused(index, fact.Stream, "Tags may be empty, but not null.");
        if (fact.Tags.Count > FactLimits.TagsMax) throw Refused(index, fact.Stream, $"It has {fact.Tags.Count} tags; at most {FactLimits.TagsMax} are possible.");

        var tags = fact.Tags.ToArray();
        for (var i = 0; i < tags.Length; i++)
            if ((tags[i] is null ? "A tag is null." : WrongTag(tags[i])) is { } wrong)
                throw Refused(index, fact.Stream, wrong);

        Utf8Order.Sort(tags);
        for (var i = 1; i < tags.Length; i++)
            if (tags[i] == tags[i - 1]) throw Refused(index, fact.Stream, $"It has the tag '{tags[i]}' twice.");
        return tags;
    }

    /// <summary>A type that looks like JSON is a payload in the wrong place. Nobody could take it back, because a type is kept for ever.</summary>
    public static string? WrongType(string type, bool keepsTypes = false) =>
        !keepsTypes && type.AsSpan().TrimStart(' ') is ['{' or '[' or '"', ..]
            ? $"The type {NameCheck.Shown(type)} looks like JSON, and a type is a name that is kept for ever, such as placed. If it is the payload, write new NewFact(stream, type, json), with type: null for the value of a record."
            : NameCheck.Text("The type", type, 1, FactLimits.TypeBytesMax);

    static string? WrongTag(string tag) =>
        NameCheck.Text("The tag", tag, 1, FactLimits.TagBytesMax) is null ? null : NameCheck.Text($"The tag '{NameCheck.Shown(tag)}'", tag, 1, FactLimits.TagBytesMax);

    static string? WrongTimes(NewFact fact) =>
        // A DateTimeOffset reaches from year 1 to 9999, which is the range of valid times.
        fact.ValidFrom is { } from && fact.ValidTo is { } to && Microseconds.From(from) >= Microseconds.From(to)
            ? $"It would be valid from {Microseconds.ToText(from)} to {Microseconds.ToText(to)}, which is an empty period: 'from' must be earlier than 'to'."
            : null;

    static string? WrongCause(NewFact fact, int index)
    {
        if (fact.CausationIndex is not { } cause) return null;
        if (fact.Causation is not null) return "It names two causes: Causation and CausationIndex. Set one of them.";
        return cause >= 0 && cause < index ? null : $"Its cause is facts[{cause}], which is not an earlier fact of this append.";
    }

    static string? Wrong(Derivation derivation)
    {
        if (derivation.Rule is null || derivation.Sources is null) return "The derivation names no rule, or no list of sources.";
        if (NameCheck.Text("The rule's name", derivation.Rule, 1, FactLimits.RuleBytesMax) is { } wrong) return wrong;
        if (derivation.Version < 1) return $"The rule's version is {derivation.Version}; versions start at 1.";
        return derivation.Sources.Count > FactLimits.DerivationSourcesMax
            ? $"The derivation names {derivation.Sources.Count:N0} sources; at most {FactLimits.DerivationSourcesMax:N0} are possible."
            : null;
    }

    public static ArgumentException Refused(int index, StreamName stream, string why) =>
        new($"facts[{index}]{(stream.Store is null ? "" : $" ({NameCheck.Shown(stream.ToString())})")}: {why}");
}
