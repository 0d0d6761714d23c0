using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Factstone.Tests.Guide.Consumers;

/// <summary>docs/guide/consumers.md</summary>
public sealed class ConsumersGuideTests
{
    [Fact]
    public async Task Each_order_is_confirmed_once_across_restarts()
    {
        var mailer = new Mailer();
        await using var ledger = await OpenAsync();
        for (var run = 1; run <= 2; run++)
        {
            await ledger.AppendAsync($"orders/{run}", [new OrderPlaced($"{run}@example.com", 20m), new OrderCancelled()]);
            await FollowUntilAsync(cancellationToken => ConfirmAsync(ledger, mailer, cancellationToken), ledger.Consumer("confirmation-mailer", FactQuery.Types("order-placed")), await ledger.GetHeadAsync());
        }

        Assert.Equal(["1@example.com", "2@example.com"], mailer.Mails.Select(static mail => mail.To));
        var confirmations = await ledger.ReadAsync(FactQuery.Types("confirmation-sent")).ToListAsync();
        Assert.Equal([new ConfirmationSent("mail 1"), new ConfirmationSent("mail 2")], confirmations.Select(static fact => fact.Value));
        Assert.Equal(mailer.Mails.Select(static mail => (Guid?)mail.Key), confirmations.Select(static fact => fact.Causation));
    }

    static async Task ConfirmAsync(Ledger ledger, Mailer mailer, CancellationToken cancellationToken)
    {
        var consumer = ledger.Consumer("confirmation-mailer", new() { Query = FactQuery.Types("order-placed") });

        await foreach (var fact in consumer.FollowAsync(cancellationToken))     // from its checkpoint, then live
        {
            if (fact.Value is not OrderPlaced order)                            // nothing to do for this one
            {
                await consumer.CommitAsync(through: fact.Position, cancellationToken);
                continue;
            }

            var messageId = await mailer.SendAsync(order.Email, idempotencyKey: fact.Id);
            await consumer.CommitAsync(
                through: fact.Position,
                [new NewFact(fact.Stream, new ConfirmationSent(messageId)) { Causation = fact.Id }],
                cancellationToken);
        }
    }

    [Fact]
    public async Task A_read_model_is_in_step_with_its_checkpoint()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var ledger = await OpenAsync();
        for (var run = 1; run <= 2; run++)
        {
            using var stop = new CancellationTokenSource();
            var following = TotalAsync(ledger, stop.Token);
            await OrderAsync(new NewFact($"orders/{run}", new OrderPlaced("a@example.com", 20.50m)));
            await OrderAsync(new NewFact($"orders/{run}", new OrderPlaced("b@example.com", 1m)));
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following);
        }

        Assert.Equal("43.00", (await ledger.ReadCellAsync("totals", "orders"))?.Text);

        async Task OrderAsync(NewFact orderPlaced)
        {
            var receipt = await ledger.AppendAsync(orderPlaced);
            await ledger.Consumer("order-totals", FactQuery.Types("order-placed")).WaitForAsync(receipt.LastPosition, timeout.Token);
        }
    }

    static async Task TotalAsync(Ledger ledger, CancellationToken cancellationToken)
    {
        var consumer = ledger.Consumer("order-totals", new() { Query = FactQuery.Types("order-placed") });
        decimal? total = null;

        await foreach (var fact in consumer.FollowAsync(cancellationToken))
        {
            total ??= await ledger.ReadCellAsync("totals", "orders", cancellationToken) is { } cell ? decimal.Parse(cell.Text, CultureInfo.InvariantCulture) : 0;
            total += ((OrderPlaced)fact.Value!).Total;
            var request = new AppendRequest { Cells = [NewCell.Put("totals", "orders", total.Value.ToString(CultureInfo.InvariantCulture))] };
            await consumer.CommitAsync(fact.Position, request, cancellationToken);
        }
    }

    [Fact]
    public async Task A_cursor_in_another_database_is_stored_with_its_results()
    {
        var database = new Database();
        await using var ledger = await OpenAsync();
        for (var run = 1; run <= 2; run++)
        {
            await ledger.AppendAsync($"orders/{run}", [new OrderPlaced("a@example.com", 20m), new OrderCancelled()]);
            using var stop = new CancellationTokenSource();
            var filling = FillAsync(ledger, database, stop.Token);
            while (database.Cursor is not { } cursor || LedgerCursor.Parse(cursor).Position < await ledger.GetHeadAsync()) await Task.Delay(1, TestContext.Current.CancellationToken);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => filling);
        }

        Assert.Equal([1L, 3L], database.Rows);
    }

    static async Task FillAsync(Ledger ledger, Database database, CancellationToken cancellationToken)
    {
        var from = await database.ReadCursorAsync("order-totals") is { } text ? FollowStart.After(LedgerCursor.Parse(text)) : FollowStart.Beginning;
        var follower = ledger.OpenFollower(FactQuery.Types("order-placed"), new FollowOptions { From = from });

        while (await follower.WaitForAsync(follower.Position.Next(), cancellationToken))
        {
            await using var transaction = await database.BeginAsync();
            while (follower.TryRead(out var fact)) await transaction.ApplyAsync(fact);
            await transaction.StoreCursorAsync("order-totals", follower.Cursor.ToString());
            await transaction.CommitAsync();
        }
    }

    /// <summary>Runs a consumer until it has handled every matching fact up to a position.</summary>
    static async Task FollowUntilAsync(Func<CancellationToken, Task> follow, Consumer consumer, Position position)
    {
        using var stop = new CancellationTokenSource();
        var following = follow(stop.Token);
        await consumer.WaitForAsync(position, TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following);
    }

    static ValueTask<Ledger> OpenAsync() => Ledger.OpenInMemoryAsync(new LedgerOptions
    {
        Types = new FactTypes(MailJson.Default).Add<OrderPlaced>("order-placed").Add<OrderCancelled>("order-cancelled").Add<ConfirmationSent>("confirmation-sent"),
    });
}

public sealed record OrderPlaced(string Email, decimal Total);

public sealed record OrderCancelled;

public sealed record ConfirmationSent(string MessageId);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(OrderPlaced))]
[JsonSerializable(typeof(OrderCancelled))]
[JsonSerializable(typeof(ConfirmationSent))]
internal sealed partial class MailJson : JsonSerializerContext;

/// <summary>Keeps the mails that are sent.</summary>
internal sealed class Mailer
{
    public List<(string To, Guid Key)> Mails { get; } = [];

    public Task<string> SendAsync(string to, Guid idempotencyKey)
    {
        Mails.Add((to, idempotencyKey));
        return Task.FromResult($"mail {Mails.Count}");
    }
}

/// <summary>A database with a table of rows and one of cursors. A transaction that is not committed changes neither.</summary>
internal sealed class Database
{
    public List<long> Rows { get; } = [];

    public string? Cursor { get; private set; }

    public Task<string?> ReadCursorAsync(string name) => Task.FromResult(name == "order-totals" ? Cursor : null);

    public Task<Transaction> BeginAsync() => Task.FromResult(new Transaction(this));

    internal sealed class Transaction(Database database) : IAsyncDisposable
    {
        readonly List<long> _rows = [];
        string? _cursor;

        public Task ApplyAsync(Fact fact)
        {
            _rows.Add(fact.Position.Value);
            return Task.CompletedTask;
        }

        public Task StoreCursorAsync(string name, string cursor)
        {
            Assert.Equal("order-totals", name);
            _cursor = cursor;
            return Task.CompletedTask;
        }

        public Task CommitAsync()
        {
            database.Rows.AddRange(_rows);
            database.Cursor = _cursor;
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
