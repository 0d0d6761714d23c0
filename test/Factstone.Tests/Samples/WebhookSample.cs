using System.Text.Json;
using System.Text.Json.Serialization;

namespace Factstone.Tests.Samples.Webhooks;

/// <summary>A webhook that may arrive twice: the sender's event id is the append id.</summary>
public sealed class WebhookSample
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_repeat_is_accepted_and_adds_nothing()
    {
        var captured = new DateTimeOffset(2026, 1, 31, 8, 0, 0, TimeSpan.Zero);
        await using var ledger = await Ledger.OpenInMemoryAsync(new LedgerOptions { Types = Payments.Types }, Cancel);

        Assert.Equal(200, await Payments.HandleAsync(new PaymentEvent("evt-1", "p1", "42", 129.90m, captured), ledger, Cancel));
        Assert.Equal(200, await Payments.HandleAsync(new PaymentEvent("evt-1", "p1", "42", 129.90m, captured), ledger, Cancel));
        Assert.Equal(200, await Payments.HandleAsync(new PaymentEvent("evt-1", "p1", "42", 130m, captured), ledger, Cancel));
        Assert.Equal(200, await Payments.HandleAsync(new PaymentEvent("evt-2", "p2", "42", 20m, captured), ledger, Cancel));

        var facts = await ledger.ReadAsync(FactQuery.Tags("order:42"), cancellationToken: Cancel).ToListAsync(Cancel);
        Assert.Equal([new PaymentCaptured("42", 129.90m), new PaymentCaptured("42", 20m)], facts.Select(static fact => fact.Value));
        Assert.Equal(("payments/p1", captured, "42"), (facts[0].Stream.ToString(), facts[0].ValidFrom!.Value, facts[0].Correlation));
        Assert.Equal(1, (await ledger.FindAppendAsync("psp:evt-1", Cancel))?.LastPosition.Value);
    }
}

public static class Payments
{
    public static readonly FactTypes Types = new FactTypes(PaymentJson.Default)
        .Add<PaymentCaptured>("payment-captured", e => [$"order:{e.OrderId}"]);

    /// <summary>Handles a webhook.</summary>
    /// <returns>The status code of the response.</returns>
    public static async Task<int> HandleAsync(PaymentEvent hook, ILedger ledger, CancellationToken cancellationToken)
    {
        var outcome = await ledger.TryAppendAsync(new AppendRequest
        {
            AppendId = $"psp:{hook.EventId}",
            OnRepeat = RepeatPolicy.SameId,                            // the sender's id decides, also after our record has grown
            Facts =
            [
                new NewFact(new StreamName("payments", hook.PaymentId), new PaymentCaptured(hook.OrderId, hook.Amount))
                {
                    ValidFrom = hook.CapturedAt,
                    Correlation = hook.OrderId,
                },
            ],
        }, cancellationToken);

        return outcome switch
        {
            AppendOutcome.Committed or AppendOutcome.Duplicate => 200,
            AppendOutcome.Rejected => 422,
            _ => 409,
        };
    }
}

public sealed record PaymentEvent(string EventId, string PaymentId, string OrderId, decimal Amount, DateTimeOffset CapturedAt);
public sealed record PaymentCaptured(string OrderId, decimal Amount);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(PaymentEvent))]
[JsonSerializable(typeof(PaymentCaptured))]
internal sealed partial class PaymentJson : JsonSerializerContext;
