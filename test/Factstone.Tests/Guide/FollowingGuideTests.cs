namespace Factstone.Tests.Guide.Following;

/// <summary>docs/guide/following.md</summary>
public sealed class FollowingGuideTests
{
    [Fact]
    public async Task The_loop_continues_from_its_cursor()
    {
        var mails = new List<string>();
        await using var ledger = await Ledger.OpenInMemoryAsync();
        for (var order = 1; order <= 3; order++)
        {
            await ledger.AppendAsync([new NewFact($"orders/{order}", "placed", "{}"), new NewFact($"orders/{order}", "paid", "{}")]);
            await FollowUntilAsync(ledger, order * 2);
        }

        Assert.Equal(["orders/1 placed", "orders/2 placed", "orders/3 placed"], mails);

        async Task FollowUntilAsync(Ledger ledger, long position)
        {
            using var stop = new CancellationTokenSource();
            var following = FollowAsync(ledger, stop);
            await ReachAsync(ledger, position);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following);
        }

        async Task FollowAsync(Ledger ledger, CancellationTokenSource stop)
        {
            var cancellationToken = stop.Token;

            var cell = await ledger.ReadCellAsync("checkpoints", "mail");
            var from = cell is null ? FollowStart.Beginning : FollowStart.After(LedgerCursor.Parse(cell.Text));
            var follower = ledger.OpenFollower(FactQuery.Types("placed"), new FollowOptions { From = from });

            while (await follower.WaitForAsync(follower.Position.Next(), cancellationToken))
            {
                while (follower.TryRead(out var fact)) await SendMailAsync(fact);
                await ledger.AppendAsync(new AppendRequest { Cells = [NewCell.Put("checkpoints", "mail", follower.Cursor.ToString())] });
            }
        }

        Task SendMailAsync(Fact fact)
        {
            mails.Add($"{fact.Stream} {fact.Type}");
            return Task.CompletedTask;
        }
    }

    /// <summary>Waits until the stored cursor is at a position.</summary>
    static async Task ReachAsync(Ledger ledger, long position)
    {
        while (await ledger.ReadCellAsync("checkpoints", "mail") is not { } cell || LedgerCursor.Parse(cell.Text).Position.Value < position)
            await Task.Delay(1, TestContext.Current.CancellationToken);
    }
}
