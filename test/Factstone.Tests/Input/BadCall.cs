using System.Text.Json.Serialization;
using Factstone.Storage;

namespace Factstone.Tests.Input;

/// <summary>A call that is to be refused, and what the refusal says.</summary>
/// <param name="Name">What is wrong.</param>
/// <param name="Exception">The exact type of the exception.</param>
/// <param name="Parameter">The parameter that it names; null for none.</param>
/// <param name="Says">A part of its message.</param>
/// <param name="Call">The call.</param>
internal sealed record BadCall(string Name, Type Exception, string? Parameter, string Says, Func<Ledger, Task> Call)
{
    public const string Stream = "orders/42";

    public static readonly string Lone = "\uD83D";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The names of some calls, for a theory.</summary>
    public static TheoryData<string> Names(IEnumerable<BadCall> calls) => [.. calls.Select(static call => call.Name)];

    /// <summary>Makes the call of this name on a ledger with two facts and a cell, and checks that it is refused and changes nothing.</summary>
    public static async Task IsRefusedAsync(IEnumerable<BadCall> calls, string name)
    {
        var call = calls.Single(one => one.Name == name);
        var files = new MemoryFileSystem();
        var clock = new ManualTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var ledger = await Ledger.OpenAsync("input", new LedgerOptions { FileSystem = files, TimeProvider = clock, PreallocationBytesMax = 0, Types = Sale.Types }, Cancellation);
        await ledger.AppendAsync(Stream, [new Sold(1), new Sold(2)], Cancellation);
        await ledger.AppendAsync(new AppendRequest { Cells = [NewCell.Put("b", "n", "1")] }, Cancellation);
        var before = FileContents.Of(files, "input");

        var refused = await Assert.ThrowsAnyAsync<Exception>(() => call.Call(ledger));

        Assert.True(call.Exception == refused.GetType(), refused.ToString());
        Assert.Equal(call.Parameter, (refused as ArgumentException)?.ParamName);
        Assert.Contains(call.Says, refused.Message, StringComparison.Ordinal);
        Assert.True(refused.Message.Length < 500, refused.Message);
        Assert.Equal(before, FileContents.Of(files, "input"));
        Assert.Equal(2, (await ledger.GetHeadAsync(Cancellation)).Value);
        Assert.Equal(1, (await ledger.GetStatisticsAsync(Cancellation)).Cells);
        Assert.Equal(3, (await ledger.AppendAsync(Stream, [new Sold(3)], Cancellation)).LastPosition.Value); // and it goes on
    }
}

internal sealed record Sold(decimal Total);

/// <summary>The same as a sale, but of a class of its own.</summary>
internal record Gift(string To);

internal sealed record WrappedGift(string To) : Gift(To);

internal abstract record Shape;

internal sealed record Unlisted(int Value);

/// <summary>A value that refers to itself, which JSON cannot write.</summary>
internal sealed class Ring
{
    public Ring? Next { get; set; }
}

/// <summary>A number that JSON cannot write, if it is none.</summary>
internal sealed record Weight(double Kilograms);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Sold))]
[JsonSerializable(typeof(Gift))]
[JsonSerializable(typeof(WrappedGift))]
[JsonSerializable(typeof(Shape))]
[JsonSerializable(typeof(Ring))]
[JsonSerializable(typeof(Weight))]
[JsonSerializable(typeof(int?))]
[JsonSerializable(typeof(List<Sold>))]
internal sealed partial class SaleJson : JsonSerializerContext;

internal static class Sale
{
    public static FactTypes Empty { get; } = new(SaleJson.Default);

    public static FactTypes Types { get; } = Empty
        .Add<Sold>("sold")
        .Add<Gift>("gift", static gift => gift.To == "nobody" ? null! : gift.To.Split(','))
        .Add<Ring>("ring")
        .Add<Weight>("weight", schemaVersion: 2);

    public static Projection<decimal> Total { get; } = new() { Name = "total", Seed = 0, Step = static (total, fact) => fact.Value is Sold sold ? total + sold.Total : total };
}
