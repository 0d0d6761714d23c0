using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Factstone.Conformance.Claims;

internal sealed record Deposited(long Amount);

internal sealed record Withdrawn(long Amount);

internal sealed record Noted(string Text);

/// <summary>Its schema has had three shapes: {customer, address}, {name, address}, {name, street, country}.</summary>
internal sealed record CustomerMoved(string Name, string Street, string Country);

internal sealed record AccessGranted(string Subject, string Resource);

internal sealed record AccessRevoked(string Subject, string Resource);

internal sealed record OrderPlaced(string Order, long Total);

internal sealed record OrderPaid(string Order);

internal sealed record OrderShipped(string Order);

internal sealed record PictureAdded(string Title, BlobReference Picture);

/// <summary>A value of key/value entries and records.</summary>
internal sealed record Setting(string Name, long Size);

/// <summary>A state that a claim keeps in a cell.</summary>
internal sealed record SavedState(string State, long Position, long Version);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Deposited))]
[JsonSerializable(typeof(Withdrawn))]
[JsonSerializable(typeof(Noted))]
[JsonSerializable(typeof(CustomerMoved))]
[JsonSerializable(typeof(AccessGranted))]
[JsonSerializable(typeof(AccessRevoked))]
[JsonSerializable(typeof(OrderPlaced))]
[JsonSerializable(typeof(OrderPaid))]
[JsonSerializable(typeof(OrderShipped))]
[JsonSerializable(typeof(PictureAdded))]
[JsonSerializable(typeof(BlobReference))]
[JsonSerializable(typeof(Setting))]
[JsonSerializable(typeof(SavedState))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(string))]
internal sealed partial class ClaimJson : JsonSerializerContext;

/// <summary>The types that claims open their ledgers with.</summary>
internal static class ClaimTypes
{
    public const string Moved = "customer-moved";

    /// <summary>Every type but the one whose schema has changed.</summary>
    public static readonly FactTypes WithoutMoved = new FactTypes(ClaimJson.Default)
        .Add<Deposited>("deposited")
        .Add<Withdrawn>("withdrawn")
        .Add<Noted>("noted")
        .Add<AccessGranted>("access-granted", static granted => [$"subject:{granted.Subject}", $"resource:{granted.Resource}"])
        .Add<AccessRevoked>("access-revoked", static revoked => [$"subject:{revoked.Subject}", $"resource:{revoked.Resource}"])
        .Add<OrderPlaced>("order-placed")
        .Add<OrderPaid>("order-paid")
        .Add<OrderShipped>("order-shipped")
        .Add<PictureAdded>("picture-added");

    public static readonly FactTypes All = WithoutMoved.Add<CustomerMoved>(Moved, schemaVersion: 3).Upcast(Moved, from: 1, Renamed).Upcast(Moved, from: 2, Divided);

    /// <summary>For a mutation: the second step is a wrong one.</summary>
    public static readonly FactTypes WithWrongUpcaster = WithoutMoved.Add<CustomerMoved>(Moved, schemaVersion: 3).Upcast(Moved, from: 1, Renamed).Upcast(Moved, from: 2, static old => old);

    static JsonObject Renamed(JsonObject old) => new() { ["name"] = old["customer"]?.DeepClone(), ["address"] = old["address"]?.DeepClone() };

    static JsonObject Divided(JsonObject old)
    {
        var address = (string?)old["address"] ?? "";
        var comma = address.IndexOf(',', StringComparison.Ordinal);
        return new JsonObject
        {
            ["name"] = old["name"]?.DeepClone(),
            ["street"] = comma < 0 ? address : address[..comma],
            ["country"] = comma < 0 ? "unknown" : address[(comma + 1)..].Trim(),
        };
    }
}
