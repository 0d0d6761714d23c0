using System.Text.Json;
using System.Text.Json.Serialization;

namespace Factstone.Bench;

/// <summary>The JSON of the workloads as a value.</summary>
internal sealed record Order(
    [property: JsonPropertyName("order")] int Number,
    [property: JsonPropertyName("customer")] string Customer,
    [property: JsonPropertyName("total")] decimal Total,
    [property: JsonPropertyName("note")] string Note)
{
    public const string FactType = "changed";

    public static readonly FactTypes Types = new FactTypes(OrderJson.Default).Add<Order>(FactType);

    /// <summary>The value of a payload, without a ledger.</summary>
    /// <exception cref="InvalidDataException">The value is not written with the bytes of the payload.</exception>
    public static Order Of(byte[] payload)
    {
        var order = Deserialize(payload);
        if (!JsonSerializer.SerializeToUtf8Bytes(order, OrderJson.Default.Order).AsSpan().SequenceEqual(payload)) throw new InvalidDataException("The value has other JSON than the payload.");
        return order;
    }

    public static Order Deserialize(ReadOnlySpan<byte> payload) => JsonSerializer.Deserialize(payload, OrderJson.Default.Order)!;

    /// <summary>A part of a sum by which the answers are checked.</summary>
    public long Digest() => (long)(Total * 100) + Note.Length;
}

[JsonSerializable(typeof(Order))]
internal sealed partial class OrderJson : JsonSerializerContext;
