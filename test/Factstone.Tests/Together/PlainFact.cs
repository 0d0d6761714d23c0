using System.Globalization;

namespace Factstone.Tests.Together;

/// <summary>A fact of the model.</summary>
internal sealed record PlainFact(StreamName Stream, long Version, string? Type, string? Json, bool Retracts)
{
    /// <summary>Its position, once the ledger has said it; a receipt of the ledger's own takes positions, too.</summary>
    public Position Position { get; init; }

    public static PlainFact Of(NewFact fact, long version) => new(fact.Stream, version, fact.Type, fact.Retracts ? null : System.Text.Encoding.UTF8.GetString(fact.Payload.Span), fact.Retracts);

    public bool IsSameAs(Fact fact) =>
        fact.Stream == Stream && fact.StreamVersion.Value == Version && fact.Type == Type && fact.Retracts == Retracts && (Retracts || fact.Json == Json)
        && (Position == Position.None || fact.Position == Position);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Stream} v{Version} {Type} {Json} @{Position}");
}
