using System.Text;

namespace Factstone;

/// <summary>A header read from bytes, field by field, without copying. Valid as long as the bytes are. See docs/format.md, "Fact header".</summary>
internal readonly ref struct HeaderView
{
    readonly ReadOnlySpan<byte> _bytes;
    readonly Slices _slices;

    HeaderView(ReadOnlySpan<byte> bytes, Slices slices)
    {
        _bytes = bytes;
        _slices = slices;
    }

    public Position Position { get; private init; }
    public StreamVersion StreamVersion { get; private init; }
    public long RecordedAt { get; private init; }
    public long? OriginRecordedAt { get; private init; }
    public long? ValidFrom { get; private init; }
    public long? ValidTo { get; private init; }
    public long SchemaVersion { get; private init; }
    public bool Retracts { get; private init; }

    public ReadOnlySpan<byte> Bytes => _bytes;
    public ReadOnlySpan<byte> Store => Slice(_slices.Store);
    public ReadOnlySpan<byte> Key => Slice(_slices.Key);

    /// <summary>Whether the payload, if there is one, is JSON.</summary>
    public bool IsJson => _slices.ContentType.Start == 0;

    public ReadOnlySpan<byte> TypeBytes => Slice(_slices.Type);

    public int TagCount
    {
        get
        {
            var bytes = Slice(_slices.Tags);
            var at = 0;
            return bytes.IsEmpty || !Leb128.TryRead(bytes, ref at, out var count) ? 0 : (int)count;
        }
    }

    public FactTags TagBytes() => new(Slice(_slices.Tags));

    public StreamName Stream => new(Encoding.UTF8.GetString(Store), Encoding.UTF8.GetString(Key));
    public string? Type => TextOrNull(_slices.Type);
    public string? Correlation => TextOrNull(_slices.Correlation);
    public string? Producer => TextOrNull(_slices.Producer);
    public string? ContentType => TextOrNull(_slices.ContentType);
    public Guid? Causation => IdOrNull(_slices.Causation);
    public Guid? ForeignId => IdOrNull(_slices.ForeignId);

    public string[] Tags
    {
        get
        {
            var bytes = Slice(_slices.Tags);
            if (bytes.IsEmpty) return [];
            var at = 0;
            Leb128.TryRead(bytes, ref at, out var count);
            var tags = new string[(int)count];
            for (var i = 0; i < tags.Length; i++) tags[i] = Text(bytes, ref at);
            return tags;
        }
    }

    public Derivation? Derivation
    {
        get
        {
            var bytes = Slice(_slices.Derivation);
            if (bytes.IsEmpty) return null;
            var at = 0;
            var rule = Text(bytes, ref at);
            Leb128.TryRead(bytes, ref at, out var version);
            Leb128.TryRead(bytes, ref at, out var count);
            if (count > FactLimits.DerivationSourcesMax)
                return new Derivation(rule, (long)version, []) { SourceCount = (long)count, SourcesHash = bytes[at..].ToArray() };

            var sources = new Guid[(int)count];
            for (var i = 0; i < sources.Length; i++, at += 16) sources[i] = new Guid(bytes.Slice(at, 16), bigEndian: true);
            return new Derivation(rule, (long)version, sources);
        }
    }

    /// <summary>The first field from <see cref="HeaderField.Store"/> on that differs, apart from the correlation and the producer; null if they all agree.</summary>
    public HeaderField? FirstDifference(in HeaderView other)
    {
        if (!Store.SequenceEqual(other.Store)) return HeaderField.Store;
        if (!Key.SequenceEqual(other.Key)) return HeaderField.Key;
        if (!Slice(_slices.Type).SequenceEqual(other.Slice(other._slices.Type))) return HeaderField.Type;
        if (!Slice(_slices.Tags).SequenceEqual(other.Slice(other._slices.Tags))) return HeaderField.Tags;
        if (ValidFrom != other.ValidFrom) return HeaderField.ValidFrom;
        if (ValidTo != other.ValidTo) return HeaderField.ValidTo;
        if (SchemaVersion != other.SchemaVersion) return HeaderField.SchemaVersion;
        if (Retracts != other.Retracts) return HeaderField.Retracts;
        return Slice(_slices.ContentType).SequenceEqual(other.Slice(other._slices.ContentType)) ? null : HeaderField.ContentType;
    }

    /// <summary>Reads a header; false if the bytes are not a header. Never throws on bad bytes. Unknown fields are skipped.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out HeaderView header)
    {
        header = default;
        if (bytes.Length is 0 or > FactLimits.HeaderBytesMax || bytes[0] != HeaderWriter.Version) return false;

        var slices = default(Slices);
        ulong position = 0, version = 0, schema = 1;
        long? recordedAt = null, origin = null, from = null, to = null;
        var retracts = false;
        var last = 0UL;
        var at = 1;
        while (at < bytes.Length)
        {
            if (!Leb128.TryRead(bytes, ref at, out var tag)) return false;
            var field = tag >> 2;
            if (field <= last) return false;
            last = field;

            var kind = (HeaderValue)(tag & 3);
            ulong integer = 0;
            var slice = default(Range16);
            switch (kind)
            {
                case HeaderValue.Integer:
                    if (!Leb128.TryRead(bytes, ref at, out integer)) return false;
                    break;
                case HeaderValue.Id:
                    if (bytes.Length - at < 16) return false;
                    slice = new Range16(at, 16);
                    at += 16;
                    break;
                case HeaderValue.Bytes:
                    if (!Leb128.TryRead(bytes, ref at, out var length) || length > (ulong)(bytes.Length - at)) return false;
                    slice = new Range16(at, (int)length);
                    at += (int)length;
                    break;
            }

            if (field > (ulong)HeaderField.ContentType) continue;
            if ((byte)kind != Kinds[(int)field]) return false;
            switch ((HeaderField)field)
            {
                case HeaderField.Position: position = integer; break;
                case HeaderField.StreamVersion: version = integer; break;
                case HeaderField.RecordedAt: recordedAt = Leb128.UnZigZag(integer); break;
                case HeaderField.Causation: slices.Causation = slice; break;
                case HeaderField.Derivation: slices.Derivation = slice; break;
                case HeaderField.ForeignId: slices.ForeignId = slice; break;
                case HeaderField.OriginRecordedAt: origin = Leb128.UnZigZag(integer); break;
                case HeaderField.Store: slices.Store = slice; break;
                case HeaderField.Key: slices.Key = slice; break;
                case HeaderField.Type: slices.Type = slice; break;
                case HeaderField.Tags: slices.Tags = slice; break;
                case HeaderField.ValidFrom: from = Leb128.UnZigZag(integer); break;
                case HeaderField.ValidTo: to = Leb128.UnZigZag(integer); break;
                case HeaderField.SchemaVersion: schema = integer; break;
                case HeaderField.Correlation: slices.Correlation = slice; break;
                case HeaderField.Producer: slices.Producer = slice; break;
                case HeaderField.Retracts: retracts = true; break;
                case HeaderField.ContentType: slices.ContentType = slice; break;
            }
        }

        var isWhole = position is > 0 and <= (ulong)Position.MaxValue && version is > 0 and <= (ulong)Position.MaxValue
            && recordedAt is { } time && Microseconds.IsInRange(time) && AreTimes(origin, from, to)
            && slices.Store.Length > 0 && slices.Key.Start > 0 && schema is > 0 and <= long.MaxValue
            && AreWhole(Sliced(bytes, slices.Tags)) && IsWhole(Sliced(bytes, slices.Derivation));
        if (!isWhole) return false;

        header = new HeaderView(bytes, slices)
        {
            Position = new Position((long)position),
            StreamVersion = new StreamVersion((long)version),
            RecordedAt = recordedAt!.Value,
            OriginRecordedAt = origin,
            ValidFrom = from,
            ValidTo = to,
            SchemaVersion = (long)schema,
            Retracts = retracts,
        };
        return true;
    }

    /// <summary>The kind of each known field, by number.</summary>
    static readonly byte[] Kinds = [.. Enumerable.Range(0, (int)HeaderField.ContentType + 1).Select(static field => (byte)KindOf((HeaderField)field))];

    public static HeaderValue KindOf(HeaderField field) => field switch
    {
        HeaderField.Causation or HeaderField.ForeignId => HeaderValue.Id,
        HeaderField.Retracts => HeaderValue.Present,
        HeaderField.Position or HeaderField.StreamVersion or HeaderField.RecordedAt or HeaderField.OriginRecordedAt
            or HeaderField.ValidFrom or HeaderField.ValidTo or HeaderField.SchemaVersion => HeaderValue.Integer,
        _ => HeaderValue.Bytes,
    };

    static bool AreTimes(long? origin, long? from, long? to) =>
        Microseconds.IsInRange(origin ?? 0) && Microseconds.IsInRange(from ?? 0) && Microseconds.IsInRange(to ?? 0);

    static bool AreWhole(ReadOnlySpan<byte> tags)
    {
        if (tags.IsEmpty) return true;
        var at = 0;
        if (!Leb128.TryRead(tags, ref at, out var count) || count is 0 or > FactLimits.TagsMax) return false;
        for (var i = 0UL; i < count; i++)
            if (!TryPass(tags, ref at)) return false;
        return at == tags.Length;
    }

    static bool IsWhole(ReadOnlySpan<byte> derivation)
    {
        if (derivation.IsEmpty) return true;
        var at = 0;
        if (!TryPass(derivation, ref at) || !Leb128.TryRead(derivation, ref at, out _) || !Leb128.TryRead(derivation, ref at, out var count)) return false;
        var expected = count > FactLimits.DerivationSourcesMax ? FactHash.HashBytes : (int)count * 16;
        return derivation.Length - at == expected;
    }

    static bool TryPass(ReadOnlySpan<byte> texts, ref int at)
    {
        if (!Leb128.TryRead(texts, ref at, out var length) || length > (ulong)(texts.Length - at)) return false;
        at += (int)length;
        return true;
    }

    static string Text(ReadOnlySpan<byte> texts, ref int at)
    {
        Leb128.TryRead(texts, ref at, out var length);
        var text = Encoding.UTF8.GetString(texts.Slice(at, (int)length));
        at += (int)length;
        return text;
    }

    static ReadOnlySpan<byte> Sliced(ReadOnlySpan<byte> bytes, Range16 range) => bytes.Slice(range.Start, range.Length);

    ReadOnlySpan<byte> Slice(Range16 range) => _bytes.Slice(range.Start, range.Length);

    string? TextOrNull(Range16 range) => range.Start == 0 ? null : Encoding.UTF8.GetString(Slice(range));

    Guid? IdOrNull(Range16 range) => range.Start == 0 ? null : new Guid(Slice(range), bigEndian: true);

    /// <summary>The place of a field in the header, which is shorter than 64 KiB. Start 0, the place of the version byte, means absent.</summary>
    readonly struct Range16(int start, int length)
    {
        readonly ushort _start = (ushort)start;
        readonly ushort _length = (ushort)length;

        public int Start => _start;
        public int Length => _length;
    }

    struct Slices
    {
        public Range16 Causation, Derivation, ForeignId, Store, Key, Type, Tags, Correlation, Producer, ContentType;
    }
}
