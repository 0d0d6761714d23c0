using System.Text.Json;
using System.Text.Json.Serialization;

namespace Factstone.Tests.Types;

internal sealed record OrderPlaced(string Customer, decimal Total);

internal sealed record OrderShipped(string Carrier);

internal sealed record Price(decimal Amount, string Currency, int Decimals, string Kind, string Source, bool IsNet);

internal sealed record NotGenerated(int Value);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip)]
[JsonSerializable(typeof(OrderPlaced))]
[JsonSerializable(typeof(OrderShipped))]
[JsonSerializable(typeof(Price))]
internal sealed partial class ShopJson : JsonSerializerContext;

internal static class ShopTypes
{
    public static FactTypes Empty { get; } = new(ShopJson.Default);

    public static FactTypes All { get; } = Empty.Add<OrderPlaced>("order-placed", static order => [$"customer:{order.Customer}"]).Add<OrderShipped>("order-shipped");
}
