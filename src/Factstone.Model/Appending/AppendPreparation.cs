using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Factstone;

/// <summary>Checks a request and encodes it as far as a caller can, on the caller's thread. See <see cref="AppendCheck"/> for what needs no encoding to be checked.</summary>
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
        AppendCheck.Request(request, conditions);

        var cells = CellPreparation.Check(request.Cells);

        // Read once, too: what is checked is what is written. And an array's elements cost next to nothing, those of a list a call each.
        return Prepare(request.Facts as NewFact[] ?? [.. request.Facts], cells, conditions, request, PreparedAppend.AnyVersion, salts);
    }

    /// <summary>The same for one fact whose stream must be at a version.</summary>
    /// <exception cref="ArgumentException">The fact breaks a limit or a rule; nothing happened.</exception>
    public static PreparedAppend Prepare(NewFact fact, StreamVersion expected, SaltSource salts)
    {
        if (expected < StreamVersion.None) throw new ArgumentException($"A stream cannot be at version {expected}; versions start at 1, and 0 requires that the stream does not exist.", nameof(expected));
        return Prepare(new ReadOnlySpan<NewFact>(in fact), [], [], request: null, expected, salts);
    }

    static PreparedAppend Prepare(ReadOnlySpan<NewFact> facts, NewCell[] cells, AppendCondition[] conditions, AppendRequest? request, StreamVersion expected, SaltSource salts)
    {
        var prepared = new PreparedFact[facts.Length];
        var preparedCells = cells.Length == 0 ? [] : new PreparedCell[cells.Length];
        var buffer = ArrayPool<byte>.Shared.Rent(InitialSize(facts.Length));
        try
        {
            var at = 0;
            NewFact? before = null;
            for (var i = 0; i < prepared.Length; i++)
            {
                var fact = facts[i] ?? throw AppendCheck.Refused(i, default, "It is null.");
                if (i + FactsAhead < facts.Length) facts[i + FactsAhead]?.PrefetchPayload();
                var tags = AppendCheck.Fact(fact, i, before, request is { KeepsTypes: true });
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

            return new PreparedAppend(request?.AppendId, conditions, prepared, preparedCells, buffer, at + framing) { OnRepeat = request?.OnRepeat ?? default, Acceptance = request?.Acceptance, Expected = expected };
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }

    static byte[]? Producer(NewFact fact, int index)
    {
        if (fact.Producer is not { } text) return null;
        // The limit is on the canonical form, but what is far beyond it need not be parsed to be refused.
        if (text.Length > 16 * FactLimits.ProducerBytesMax) throw ProducerTooLarge(fact, index, text.Length);
        if (Utf8Order.ByteCount(text) < 0) throw AppendCheck.Refused(index, fact.Stream, "The producer contains half of a surrogate pair, which UTF-8 cannot encode.");

        var given = Encoding.UTF8.GetBytes(text);
        var fault = JsonCheck.Check(given, JsonShape.Object);
        if (fault != JsonFault.None) throw AppendCheck.Refused(index, fact.Stream, $"The producer must be a JSON object. {JsonCheck.Describe(given, fault)}");

        if (!CanonicalJsonWriter.TryWrite(given, out var canonical, out var tooLarge))
            throw AppendCheck.Refused(index, fact.Stream, $"The producer has no canonical form: the number {tooLarge} is too large for a double.");
        return canonical.Length <= FactLimits.ProducerBytesMax ? canonical : throw ProducerTooLarge(fact, index, canonical.Length);
    }

    static ArgumentException ProducerTooLarge(NewFact fact, int index, int bytes) =>
        AppendCheck.Refused(index, fact.Stream, $"The producer has {bytes:N0} bytes; at most {FactLimits.ProducerBytesMax:N0} are possible.");

    /// <summary>Whether two facts surely have the same header: nothing but the same stream and type.</summary>
    static bool HaveSameHeader(NewFact fact, NewFact before) =>
        ReferenceEquals(fact.Stream.Key, before.Stream.Key) && ReferenceEquals(fact.Stream.Store, before.Stream.Store) && ReferenceEquals(fact.Type, before.Type)
        && HasNothingElse(fact) && HasNothingElse(before);

    static bool HasNothingElse(NewFact fact) =>
        AppendCheck.HasNoTags(fact) && fact is { Causation: null, Derivation: null, ValidFrom: null, ValidTo: null, SchemaVersion: 1, Correlation: null, Producer: null, Retracts: false, ContentType: null };

    static int Copy(ReadOnlySpan<byte> header, Span<byte> target)
    {
        header.CopyTo(target);
        return header.Length;
    }

    /// <summary>Encodes the fields of the header that the caller gives; the writer puts its own before them.</summary>
    internal static int EncodeHeader(Span<byte> target, NewFact fact, string[] tags, byte[]? producer)
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
            : throw AppendCheck.Refused(index, fact.Stream, $"Metadata must be a JSON object whose values are all texts. {JsonCheck.Describe(bytes, fault)}");
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
            : throw AppendCheck.Refused(index, fact.Stream, $"The payload is refused: {JsonCheck.Describe(target[..length], fault)} A JSON string needs double quotes; bytes that are not JSON need a ContentType.");
    }

    static int EncodeText(Span<byte> target, string text, string what, NewFact fact, int index)
    {
        var status = Utf8.FromUtf16(text, target, out _, out var written, replaceInvalidSequences: false);
        return status switch
        {
            OperationStatus.Done => written,
            OperationStatus.DestinationTooSmall => throw new InvariantException("the buffer holds every text that was measured for it"),
            _ => throw AppendCheck.Refused(index, fact.Stream, $"{what} contains half of a surrogate pair, which UTF-8 cannot encode."),
        };
    }

    static int InitialSize(int facts)
    {
        if (facts <= 1) return 512;
        return (int)Math.Min(facts * 384L, 1_048_576);
    }

    internal static int HeaderBytesMax(NewFact fact, string[] tags, byte[]? producer)
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
        AppendCheck.Refused(index, fact.Stream, $"The metadata has {bytes:N0} bytes; at most {FactLimits.MetadataBytesMax:N0} are possible.");

    static ArgumentException TooLarge(NewFact fact, int index, long bytes) =>
        AppendCheck.Refused(index, fact.Stream, $"The payload has {bytes:N0} bytes; at most {FactLimits.PayloadBytesMax:N0} are possible. Keep larger content in a blob, and its reference in the fact.");
}
