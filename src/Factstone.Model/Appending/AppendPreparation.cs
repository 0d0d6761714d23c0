using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;

namespace Factstone;

/// <summary>Checks a request against every limit and encodes what a caller can, on the caller's thread.</summary>
internal static class AppendPreparation
{
    /// <summary>More than the writer's header fields and the frame add to one fact.</summary>
    const int BytesPerFact = 96;

    /// <summary>So many facts before its turn a payload is asked for; what the caller has made before the last sync is rarely near.</summary>
    const int FactsAhead = 2;

    /// <summary>More than the frame adds to an append, its id included.</summary>
    const int BytesPerAppend = 256;

    /// <exception cref="ArgumentException">The request breaks a limit or a rule; nothing happened.</exception>
    public static PreparedAppend Prepare(AppendRequest request, SaltSource salts)
    {
        ArgumentNullException.ThrowIfNull(request);

        // The caller may use its list again before the writer decides.
        AppendCondition[] conditions = request.Conditions is { Count: > 0 and <= FactLimits.ConditionsPerAppendMax } given ? [.. given] : [];
        CheckRequest(request, conditions);

        var cells = CellPreparation.Check(request.Cells);

        // Read once, too: what is checked is what is written. And an array's elements cost next to nothing, those of a list a call each.
        var facts = request.Facts as NewFact[] ?? [.. request.Facts];
        var prepared = new PreparedFact[facts.Length];
        var preparedCells = cells.Length == 0 ? [] : new PreparedCell[cells.Length];
        var buffer = ArrayPool<byte>.Shared.Rent(InitialSize(facts.Length));
        try
        {
            var at = 0;
            NewFact? before = null;
            for (var i = 0; i < prepared.Length; i++)
            {
                var fact = facts[i] ?? throw Refused(i, default, "It is null.");
                if (i + FactsAhead < facts.Length) facts[i + FactsAhead]?.PrefetchPayload();
                var tags = Check(fact, i, before);
                var producer = Producer(fact, i);
                Grow(ref buffer, at, HeaderBytesMax(fact, tags, producer) + FactHash.SaltBytes + MetadataBytesMax(fact, i) + PayloadBytesMax(fact, i));

                var headerLength = before is not null && HaveSameHeader(fact, before)
                    ? Copy(buffer.AsSpan(prepared[i - 1].HeaderAt, prepared[i - 1].HeaderLength), buffer.AsSpan(at))
                    : EncodeHeader(buffer.AsSpan(at), fact, tags, producer);
                var bodyAt = at + headerLength;
                salts.Fill(buffer.AsSpan(bodyAt, FactHash.SaltBytes));
                var metadataLength = EncodeMetadata(buffer.AsSpan(bodyAt + FactHash.SaltBytes), fact, i);
                var payloadLength = EncodePayload(buffer.AsSpan(bodyAt + FactHash.SaltBytes + metadataLength), fact, i);
                prepared[i] = new PreparedFact
                {
                    Stream = fact.Stream,
                    Retracts = fact.Retracts,
                    Type = fact.Type,
                    Tags = tags,
                    IsJson = IsJson(fact),
                    CausationIndex = fact.CausationIndex ?? -1,
                    HeaderAt = at,
                    HeaderLength = headerLength,
                    MetadataLength = metadataLength,
                    PayloadLength = payloadLength,
                };
                at = bodyAt + FactHash.SaltBytes + metadataLength + payloadLength;
                before = fact;

                if (at + ((i + 1L) * BytesPerFact) + BytesPerAppend > FactLimits.AppendBytesMax)
                    throw new ArgumentException($"The encoded append has more than {FactLimits.AppendBytesMax:N0} bytes, counted up to facts[{i}]. Split it, or keep large payloads in blobs.", nameof(request));
            }

            var framing = (prepared.Length * BytesPerFact) + BytesPerAppend;
            for (var i = 0; i < cells.Length; i++)
            {
                framing += CellPreparation.BytesPerCell;
                Grow(ref buffer, at, CellPreparation.BytesMax(cells[i]));
                preparedCells[i] = CellPreparation.Encode(cells[i], buffer.AsSpan(at), at);
                at = preparedCells[i].ValueAt + preparedCells[i].ValueLength;
                if (at + framing > FactLimits.AppendBytesMax) throw CellPreparation.TooLarge(i);
            }

            return new PreparedAppend(request.AppendId, conditions, prepared, preparedCells, buffer, at + framing);
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }

    static void CheckRequest(AppendRequest request, AppendCondition[] conditions)
    {
        if (request.Facts is null || request.Cells is null || request.Conditions is null) throw new ArgumentException("Facts, Cells and Conditions may be empty, but not null.", nameof(request));
        if (request.Facts.Count == 0 && request.Cells.Count == 0) throw new ArgumentException("The append has no fact and no cell.", nameof(request));
        if (request.Facts.Count > FactLimits.FactsPerAppendMax)
            throw new ArgumentException($"The append has {request.Facts.Count:N0} facts; at most {FactLimits.FactsPerAppendMax:N0} are possible. Split it.", nameof(request));
        if (request.Conditions.Count > FactLimits.ConditionsPerAppendMax)
            throw new ArgumentException($"The append has {request.Conditions.Count:N0} conditions; at most {FactLimits.ConditionsPerAppendMax:N0} are possible.", nameof(request));
        if (request.AppendId is { } id && NameCheck.Text("The append id", id, 1, FactLimits.AppendIdBytesMax) is { } wrongId)
            throw new ArgumentException(wrongId, nameof(request));
        var names = 0L;
        for (var i = 0; i < conditions.Length; i++)
        {
            if (Wrong(conditions[i]) is { } wrong) throw new ArgumentException($"conditions[{i}]: {wrong}", nameof(request));
            names += conditions[i].Query?.NameCount ?? 0;
        }

        if (names > FactLimits.QueryNamesPerAppendMax)
            throw new ArgumentException($"The queries of the conditions name {names:N0} stores, types and tags; at most {FactLimits.QueryNamesPerAppendMax:N0} are possible in one append.", nameof(request));
    }

    static string? Wrong(AppendCondition condition)
    {
        if (condition is null) return "It is null.";
        if (condition.Query is { } query) return query.Wrong ?? WrongAfter(condition.After);
        if ((condition.IsOnCell ? NameCheck.ForReading(condition.Cell) : NameCheck.ForReading(condition.Stream)) is { } wrong) return wrong;
        switch (condition.Kind)
        {
            case AppendConditionKind.StreamAt when condition.Version < StreamVersion.None:
                return $"A stream cannot be at version {condition.Version}; versions start at 1, and 0 requires that the stream does not exist.";
            case AppendConditionKind.RecordAt when condition.Version <= StreamVersion.None:
                return $"A record cannot be at version {condition.Version}; versions start at 1. Use RecordMissing to require that it has no value.";
            case AppendConditionKind.CellAt when condition.CellVersion <= CellVersion.None:
                return $"A cell cannot be at version {condition.CellVersion}; versions start at 1. Use CellAbsent to require that it has no value.";
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

    /// <summary>Refuses what cannot be kept, and returns the tags in order.</summary>
    /// <remarks>The facts of one append often share their stream and type; what was checked with the fact before is not checked again.</remarks>
    static string[] Check(NewFact fact, int index, NewFact? before)
    {
        var hasSameStream = before is not null && ReferenceEquals(fact.Stream.Store, before.Stream.Store) && ReferenceEquals(fact.Stream.Key, before.Stream.Key);
        var hasSameType = before is not null && ReferenceEquals(fact.Type, before.Type);
        var wrong = (hasSameStream ? null : NameCheck.ForAppending(fact.Stream))
            ?? (!hasSameType && fact.Type is { } type ? NameCheck.Text("The type", type, 1, FactLimits.TypeBytesMax) : null)
            ?? (fact.Correlation is { } correlation ? NameCheck.Text("The correlation", correlation, 1, FactLimits.CorrelationBytesMax) : null)
            ?? (fact.ContentType is { } contentType ? NameCheck.Text("The content type", contentType, 1, FactLimits.ContentTypeBytesMax) : null)
            ?? WrongTimes(fact)
            ?? WrongCause(fact, index)
            ?? (fact.Derivation is { } derivation ? Wrong(derivation) : null)
            ?? (fact.SchemaVersion < 1 ? $"The schema version is {fact.SchemaVersion}; versions start at 1." : null);
        if (wrong is not null) throw Refused(index, fact.Stream, wrong);

        return HasNoTags(fact) ? [] : Sorted(fact, index);
    }

    /// <remarks>Nearly always the empty array of the base library, which is asked without a call.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static bool HasNoTags(NewFact fact) => fact.Tags is string[] array ? array.Length == 0 : fact.Tags is { Count: 0 };

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

    static byte[]? Producer(NewFact fact, int index)
    {
        if (fact.Producer is not { } text) return null;
        // The limit is on the canonical form, but what is far beyond it need not be parsed to be refused.
        if (text.Length > 16 * FactLimits.ProducerBytesMax) throw ProducerTooLarge(fact, index, text.Length);
        if (Utf8Order.ByteCount(text) < 0) throw Refused(index, fact.Stream, "The producer contains half of a surrogate pair, which UTF-8 cannot encode.");

        var given = Encoding.UTF8.GetBytes(text);
        var fault = JsonCheck.Check(given, JsonShape.Object);
        if (fault != JsonFault.None) throw Refused(index, fact.Stream, $"The producer must be a JSON object. {JsonCheck.Describe(given, fault)}");

        if (!CanonicalJsonWriter.TryWrite(given, out var canonical, out var tooLarge))
            throw Refused(index, fact.Stream, $"The producer has no canonical form: the number {tooLarge} is too large for a double.");
        return canonical.Length <= FactLimits.ProducerBytesMax ? canonical : throw ProducerTooLarge(fact, index, canonical.Length);
    }

    static ArgumentException ProducerTooLarge(NewFact fact, int index, int bytes) =>
        Refused(index, fact.Stream, $"The producer has {bytes:N0} bytes; at most {FactLimits.ProducerBytesMax:N0} are possible.");

    /// <summary>Whether two facts surely have the same header: nothing but the same stream and type.</summary>
    static bool HaveSameHeader(NewFact fact, NewFact before) =>
        ReferenceEquals(fact.Stream.Key, before.Stream.Key) && ReferenceEquals(fact.Stream.Store, before.Stream.Store) && ReferenceEquals(fact.Type, before.Type)
        && HasNothingElse(fact) && HasNothingElse(before);

    static bool HasNothingElse(NewFact fact) =>
        HasNoTags(fact) && fact is { Causation: null, Derivation: null, ValidFrom: null, ValidTo: null, SchemaVersion: 1, Correlation: null, Producer: null, Retracts: false, ContentType: null };

    static int Copy(ReadOnlySpan<byte> header, Span<byte> target)
    {
        header.CopyTo(target);
        return header.Length;
    }

    static int EncodeHeader(Span<byte> target, NewFact fact, string[] tags, byte[]? producer)
    {
        var header = new HeaderWriter(target);
        if (fact.Causation is { } cause) header.Id(HeaderField.Causation, cause);
        if (fact.Derivation is { } derivation) header.Derivation(derivation);
        header.Text(HeaderField.Store, fact.Stream.Store);
        header.Text(HeaderField.Key, fact.Stream.Key);
        if (fact.Type is not null) header.Text(HeaderField.Type, fact.Type);
        if (tags.Length > 0) header.Tags(tags);
        if (fact.ValidFrom is { } from) header.Time(HeaderField.ValidFrom, Microseconds.From(from));
        if (fact.ValidTo is { } to) header.Time(HeaderField.ValidTo, Microseconds.From(to));
        if (fact.SchemaVersion != 1) header.Integer(HeaderField.SchemaVersion, (ulong)fact.SchemaVersion);
        if (fact.Correlation is not null) header.Text(HeaderField.Correlation, fact.Correlation);
        if (producer is not null) header.Bytes(HeaderField.Producer, producer);
        if (fact.Retracts) header.Present(HeaderField.Retracts);
        if (!IsJson(fact)) header.Text(HeaderField.ContentType, fact.ContentType);
        return header.Length;
    }

    /// <summary>JSON is what a fact without content type holds; to call it by its name makes no other fact.</summary>
    static bool IsJson(NewFact fact) => fact.ContentType is null || fact.ContentType.Equals("application/json", StringComparison.OrdinalIgnoreCase);

    static int EncodeMetadata(Span<byte> target, NewFact fact, int index)
    {
        if (fact.Metadata is not { } text) return 0;
        var length = EncodeText(target, text, "The metadata", fact, index);
        var bytes = target[..length];
        if (length > FactLimits.MetadataBytesMax)
            throw MetadataTooLarge(fact, index, length);
        var fault = JsonCheck.Check(bytes, JsonShape.ObjectOfText);
        return fault == JsonFault.None
            ? length
            : throw Refused(index, fact.Stream, $"Metadata must be a JSON object whose values are all texts. {JsonCheck.Describe(bytes, fault)}");
    }

    static int EncodePayload(Span<byte> target, NewFact fact, int index)
    {
        int length;
        if (fact.PayloadText is { } text) length = EncodeText(target, text, "The payload", fact, index);
        else
        {
            fact.Payload.Span.CopyTo(target);
            length = fact.Payload.Length;
            if (length == 0) return 0;
        }

        if (length > FactLimits.PayloadBytesMax) throw TooLarge(fact, index, length);
        if (!IsJson(fact)) return length;

        var fault = JsonCheck.Check(target[..length]);
        return fault == JsonFault.None
            ? length
            : throw Refused(index, fact.Stream, $"The payload is refused: {JsonCheck.Describe(target[..length], fault)} A JSON string needs double quotes; bytes that are not JSON need a ContentType.");
    }

    static int EncodeText(Span<byte> target, string text, string what, NewFact fact, int index)
    {
        var status = Utf8.FromUtf16(text, target, out _, out var written, replaceInvalidSequences: false);
        return status switch
        {
            OperationStatus.Done => written,
            OperationStatus.DestinationTooSmall => throw new InvariantException("the buffer holds every text that was measured for it"),
            _ => throw Refused(index, fact.Stream, $"{what} contains half of a surrogate pair, which UTF-8 cannot encode."),
        };
    }

    static int InitialSize(int facts)
    {
        if (facts <= 1) return 512;
        return (int)Math.Min(facts * 384L, 1_048_576);
    }

    static int HeaderBytesMax(NewFact fact, string[] tags, byte[]? producer)
    {
        var bytes = 128 + (3 * (fact.Stream.Store.Length + fact.Stream.Key.Length + (fact.Type?.Length ?? 0) + (fact.Correlation?.Length ?? 0) + (fact.ContentType?.Length ?? 0)));
        foreach (var tag in tags) bytes += 3 + (3 * tag.Length);
        bytes += producer?.Length ?? 0;
        if (fact.Derivation is { } derivation) bytes += (3 * derivation.Rule.Length) + 24 + (16 * derivation.Sources.Count);
        return bytes;
    }

    static int MetadataBytesMax(NewFact fact, int index)
    {
        if (fact.Metadata is not { } text) return 0;
        // Each character takes a byte at least, so this is refused before a buffer of that size is taken.
        return text.Length <= FactLimits.MetadataBytesMax ? Measured(text) : throw MetadataTooLarge(fact, index, text.Length);
    }

    static int PayloadBytesMax(NewFact fact, int index)
    {
        // Refused before a buffer of that size is taken, and before counting bytes could overflow.
        if (fact.PayloadText is { Length: > 3 * FactLimits.PayloadBytesMax } huge) throw TooLarge(fact, index, huge.Length);
        var bytes = fact.PayloadText is { } text ? Measured(text) : fact.Payload.Length;
        return bytes <= 3L * FactLimits.PayloadBytesMax ? bytes : throw TooLarge(fact, index, bytes);
    }

    /// <summary>Room enough for a text in UTF-8: three bytes a unit, or for a long one the exact number.</summary>
    static int Measured(string text) => text.Length <= 4_096 ? text.Length * 3 : Encoding.UTF8.GetByteCount(text);

    static void Grow(ref byte[] buffer, int used, int more)
    {
        if (buffer.Length - used >= more) return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(used + more, buffer.Length * 2));
        buffer.AsSpan(0, used).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }

    static ArgumentException MetadataTooLarge(NewFact fact, int index, long bytes) =>
        Refused(index, fact.Stream, $"The metadata has {bytes:N0} bytes; at most {FactLimits.MetadataBytesMax:N0} are possible.");

    static ArgumentException TooLarge(NewFact fact, int index, long bytes) =>
        Refused(index, fact.Stream, $"The payload has {bytes:N0} bytes; at most {FactLimits.PayloadBytesMax:N0} are possible. Keep larger content in a blob, and its reference in the fact.");

    static ArgumentException Refused(int index, StreamName stream, string why) =>
        new($"facts[{index}]{(stream.Store is null ? "" : $" ({NameCheck.Shown(stream.ToString())})")}: {why}");
}
