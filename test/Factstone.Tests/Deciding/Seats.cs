using System.Text.Json.Serialization;

namespace Factstone.Tests.Deciding;

internal sealed record SeatSold(string Buyer);

internal sealed record SeatsOffered(int Seats);

/// <summary>A show with a number of seats, each sold once.</summary>
internal sealed record Seats(int Offered, int Sold)
{
    public static readonly FactTypes Types = new FactTypes(SeatsJson.Default)
        .Add<SeatsOffered>("seats-offered", static _ => ["show:1"])
        .Add<SeatSold>("seat-sold", static _ => ["show:1"]);

    public static readonly FactQuery Query = FactQuery.Tags("show:1");

    public static readonly Projection<Seats> Projection = new()
    {
        Name = "seats",
        Seed = new Seats(0, 0),
        Step = static (seats, fact) => fact.Value switch
        {
            SeatsOffered offered => seats with { Offered = seats.Offered + offered.Seats },
            SeatSold => seats with { Sold = seats.Sold + 1 },
            _ => seats,
        },
    };

    public IReadOnlyList<object> Sell(string buyer) => Sold < Offered ? [new SeatSold(buyer)] : [];

    public IReadOnlyList<object> SellTo(StreamName stream, string buyer) => Sold < Offered ? [new NewFact(stream, new SeatSold(buyer))] : [];
}

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(SeatsOffered))]
[JsonSerializable(typeof(SeatSold))]
internal sealed partial class SeatsJson : JsonSerializerContext;
