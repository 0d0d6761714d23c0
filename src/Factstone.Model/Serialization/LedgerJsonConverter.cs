using System.Text.Json;
using System.Text.Json.Serialization;

namespace Factstone;

/// <summary>Writes facts, receipts, outcomes, cells, references to blobs, positions, versions, names, ids, points in time and cursors as the JSON of docs/cli.md, and reads what can be read back.</summary>
/// <remarks>
/// The types name this converter themselves, so it needs no registration, by reflection or in a generated context.
/// Names of members do not depend on the options. The salt and the header of a fact are never written.
/// </remarks>
public sealed class LedgerJsonConverter : JsonConverterFactory
{
    static readonly Dictionary<Type, JsonConverter> Converters = new()
    {
        [typeof(Position)] = new NumberJsonConverter<Position>("a position", Position.MaxValue, value => new Position(value), position => position.Value),
        [typeof(StreamVersion)] = new NumberJsonConverter<StreamVersion>("a version of a stream", Position.MaxValue, value => new StreamVersion(value), version => version.Value),
        [typeof(CellVersion)] = new NumberJsonConverter<CellVersion>("a version of a cell", long.MaxValue, value => new CellVersion(value), version => version.Value),
        [typeof(StreamName)] = new TextJsonConverter<StreamName>(),
        [typeof(CellName)] = new TextJsonConverter<CellName>(),
        [typeof(LedgerId)] = new TextJsonConverter<LedgerId>(),
        [typeof(LedgerCursor)] = new TextJsonConverter<LedgerCursor>(),
        [typeof(LedgerTime)] = new TextJsonConverter<LedgerTime>(),
        [typeof(Cid)] = new TextJsonConverter<Cid>(),
        [typeof(BlobReference)] = new ObjectJsonConverter<BlobReference>(BlobJson.Write, BlobJson.Read),
        [typeof(Fact)] = new ObjectJsonConverter<Fact>(FactJson.Write, FactJson.Read),
        [typeof(Cell)] = new ObjectJsonConverter<Cell>(CellJson.Write, CellJson.Read),
        [typeof(AppendReceipt)] = new ObjectJsonConverter<AppendReceipt>(OutcomeJson.WriteReceipt, OutcomeJson.ReadReceipt),
        [typeof(AppendOutcome)] = Outcome<AppendOutcome>(),
        [typeof(AppendOutcome.Committed)] = Outcome<AppendOutcome.Committed>(),
        [typeof(AppendOutcome.Duplicate)] = Outcome<AppendOutcome.Duplicate>(),
        [typeof(AppendOutcome.Conflict)] = Outcome<AppendOutcome.Conflict>(),
        [typeof(AppendOutcome.AppendIdReused)] = Outcome<AppendOutcome.AppendIdReused>(),
        [typeof(AppendOutcome.Rejected)] = Outcome<AppendOutcome.Rejected>(),
        [typeof(AppendOutcome.Unknown)] = Outcome<AppendOutcome.Unknown>(),
    };

    /// <summary>Whether it converts the type.</summary>
    public override bool CanConvert(Type typeToConvert) => Converters.ContainsKey(typeToConvert);

    /// <summary>The converter of the type; null for a type that it does not convert.</summary>
    public override JsonConverter? CreateConverter(Type typeToConvert, JsonSerializerOptions options) => Converters.GetValueOrDefault(typeToConvert);

    static ObjectJsonConverter<T> Outcome<T>() where T : AppendOutcome =>
        new(OutcomeJson.Write, json => OutcomeJson.Read(json) is T outcome ? outcome : throw new JsonException($"The outcome '{JsonMembers.Text(json, "outcome")}' is not the one that is asked for, {typeof(T).Name}."));
}
