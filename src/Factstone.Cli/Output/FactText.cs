using System.Text;

namespace Factstone.Cli.Output;

/// <summary>A fact for people: on one line, or with all its fields.</summary>
internal static class FactText
{
    /// <summary>Columns for a value if a fact has many lines.</summary>
    const int ValueColumnsMax = 2_000;

    const int LabelColumns = 13;

    /// <summary>Position, time, stream, version, type and as much of the value as fits.</summary>
    public static string Line(Fact fact, int width)
    {
        var what = fact.Retracts ? $"{fact.Type ?? ""}{(fact.Type is null ? "" : " ")}(retracted)" : fact.Type;
        var head = TextFit.Clean($"@{fact.Position,-6} {TimeText.Short(fact.RecordedAt)}  {fact.Stream} v{fact.StreamVersion}{(what is null ? "" : $"  {what}")}");
        var room = width - head.Length - 2;
        // A long key may fill the whole line; part of the value is shown nevertheless.
        var value = Value(fact, Math.Max(room, 24));
        return value.Length == 0 ? head : $"{head}  {value}";
    }

    /// <summary>Key, version and as much of the value as fits.</summary>
    public static string ListLine(Fact fact, int width)
    {
        var head = TextFit.Clean($"{fact.Stream.Key}  v{fact.StreamVersion}");
        return $"{head}  {Value(fact, Math.Max(width - head.Length - 2, 24))}";
    }

    /// <summary>One line for each set field.</summary>
    public static IEnumerable<string> Fields(Fact fact)
    {
        yield return Field("stream", $"{fact.Stream}  (version {fact.StreamVersion})");
        yield return Field("position", $"@{fact.Position}");
        yield return Field("id", fact.Id.ToString());
        if (fact.Type is { } type) yield return Field("type", type);
        if (fact.Tags is { Count: > 0 } tags) yield return Field("tags", string.Join(", ", tags));
        yield return Field("recorded at", TimeText.Exact(fact.RecordedAt));
        if (fact.OriginRecordedAt is { } origin) yield return Field("at its source", TimeText.Exact(origin));
        if (fact.ValidFrom is { } from) yield return Field("valid from", TimeText.Exact(from));
        if (fact.ValidTo is { } to) yield return Field("valid to", TimeText.Exact(to));
        if (fact.Retracts) yield return Field("retracts", "yes: the record has no value from this fact on");
        if (fact.Causation is { } cause) yield return Field("cause", cause.ToString());
        if (fact.Correlation is { } correlation) yield return Field("correlation", correlation);
        if (fact.SchemaVersion != 1) yield return Field("schema", $"version {fact.SchemaVersion}");
        if (fact.ContentType is { } contentType) yield return Field("content type", contentType);
        if (fact.Producer is { } producer) yield return Field("producer", producer);
        if (fact.Derivation is { } derivation) yield return Field("derived by", $"{derivation.Rule}, version {derivation.Version}, from {derivation.SourceCount:N0} facts");
        if (fact.Metadata is { } metadata) yield return Field("metadata", metadata);
        if (!fact.Payload.IsEmpty) yield return Field("value", Value(fact, ValueColumnsMax));
    }

    public static string Field(string label, string text) => $"{label.PadRight(LabelColumns)} {TextFit.Fit(text, ValueColumnsMax)}";

    /// <summary>The value, shortened to some columns; for bytes that are not JSON, only their number.</summary>
    static string Value(Fact fact, int columns)
    {
        if (fact.Payload.IsEmpty) return "";
        if (fact.ContentType is not null) return $"({fact.Payload.Length:N0} bytes, {TextFit.Clean(fact.ContentType)})";
        // A payload has up to 4 MiB, of which a line shows little, so only that part is decoded.
        var shown = fact.Payload.Span[..Math.Min(fact.Payload.Length, 4 * columns)];
        var text = Encoding.UTF8.GetString(shown);
        return shown.Length == fact.Payload.Length ? TextFit.Fit(text, columns) : TextFit.Fit(text + "…", columns);
    }
}
