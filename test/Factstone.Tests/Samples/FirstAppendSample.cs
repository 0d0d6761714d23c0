using System.Text.Json;
using System.Text.Json.Serialization;
using Factstone.Tests.Guide;
using Console = Factstone.Tests.Guide.Console;

namespace Factstone.Tests.Samples.FirstAppend;

/// <summary>The first append: one fact, durable when the call returns, and its stream read back.</summary>
[Collection<OneAtATime>]
public sealed class FirstAppendSample
{
    [Fact]
    public async Task The_stream_is_read_back()
    {
        using var folder = new ScratchFolder();
        var output = Console.Capture();

        await ProgramAsync();

        Assert.Equal("durable at position 1", output[0]);
        Assert.Matches(@"^orders/42 v1 order-placed \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ OrderPlaced { Customer = Ada, Total = 129.90 }$", Assert.Single(output.Skip(1)));
    }

    static async Task ProgramAsync()
    {
        await using var ledger = await Ledger.OpenAsync("./data", new LedgerOptions
        {
            Types = new FactTypes(FirstAppendJson.Default).Add<OrderPlaced>("order-placed"),
        });

        var receipt = await ledger.AppendAsync("orders/42", [new OrderPlaced("Ada", 129.90m)]);
        Console.WriteLine($"durable at position {receipt.LastPosition}");

        await foreach (var fact in ledger.ReadStreamAsync("orders/42"))
            Console.WriteLine($"{fact.Stream} v{fact.StreamVersion} {fact.Type} {fact.RecordedAt:u} {fact.Value}");
    }
}

public sealed record OrderPlaced(string Customer, decimal Total);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(OrderPlaced))]
internal sealed partial class FirstAppendJson : JsonSerializerContext;
