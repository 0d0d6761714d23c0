using System.CommandLine;
using Factstone.Cli.Arguments;
using Factstone.Cli.Output;

namespace Factstone.Cli.Commands;

internal sealed class FollowCommand : LedgerCommand
{
    readonly QueryArgument _query = new();
    readonly Option<string?> _from = new("--from")
    {
        HelpName = "@P|TIME|now",
        Description = "Where to begin: at a position (@7) or with what was recorded at a time or later (2026-01-31T08:15:00Z), both included, or with the next fact (now). [default: the first fact]",
    };
    readonly Option<string?> _after = new("--after")
    {
        HelpName = "CURSOR|@P",
        Description = "Continue after what has been read: a cursor that an earlier follow printed, which is refused in a copy of the ledger that continued differently, or a position, which is not checked.",
    };
    readonly Option<long?> _limit = new("--limit") { HelpName = "N", Description = "End after N facts." };

    public FollowCommand(CommonOptions common)
        : base("follow", "Shows facts, and then each new fact as it is recorded, until it is stopped. Runs beside a writer.", "factstone follow 'store=orders type=placed,paid' --from now --json", common)
    {
        Arguments.Add(_query);
        Options.Add(_from);
        Options.Add(_after);
        Options.Add(_limit);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var query = _query.Value(parsed);
        var after = parsed.GetValue(_after);
        if (after is not null && parsed.GetValue(_from) is not null) throw CliException.Usage("--from and --after exclude each other.");
        var from = after is not null ? Texts.FollowAfter(after) : Texts.FollowFrom(parsed.GetValue(_from));
        var limit = parsed.GetValue(_limit) ?? long.MaxValue;
        if (limit < 0) throw CliException.Usage($"--limit: {limit} is negative; give 0 or more.");

        await using var ledger = await session.OpenReadOnlyAsync(ct);
        var dropped = new DroppedNotices(session);
        var follower = ledger.OpenFollower(query, new FollowOptions { From = from, Dropped = dropped.Add });
        using (var waiting = new WaitingForFacts(session))
        {
            try
            {
                await FollowAsync(follower, limit, session, waiting, ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                // A cancellation is the normal end of a follow.
            }
            catch (LedgerDamagedException)
            {
                EndAtDamage();
                throw;
            }
        }

        End();
        return ExitCodes.Done;

        void EndAtDamage()
        {
            try
            {
                End();
            }
            catch (FactstoneException)
            {
                // The fact of the cursor is damaged, too.
            }
        }

        void End()
        {
            dropped.End();
            session.Notice($"continue with: follow --after {follower.Cursor}");
        }
    }

    static async Task FollowAsync(Follower follower, long limit, Session session, WaitingForFacts waiting, CancellationToken ct)
    {
        for (var left = limit; left > 0;)
        {
            var isReady = follower.WaitToReadAsync(ct);
            if (!isReady.IsCompleted)
            {
                session.Output.Flush();
                waiting.Show(follower.Position);
            }

            if (!await isReady) return;
            waiting.Clear();
            while (left > 0 && !ct.IsCancellationRequested && follower.TryRead(out var fact))
            {
                session.WriteFact(fact);
                left--;
            }
        }
    }

    /// <summary>Reports on standard error that all facts were shown: on a terminal each time, otherwise once.</summary>
    sealed class WaitingForFacts(Session session) : IDisposable
    {
        bool _hasShown;

        StandardError Error => session.Host.Error;

        bool IsOneLine => Error.IsTerminal && !session.IsJson;

        public void Show(Position after)
        {
            var text = $"waiting for facts after @{after} …";
            if (IsOneLine) Error.Show(text);
            else if (!_hasShown) session.Notice(text);
            _hasShown = true;
        }

        public void Clear()
        {
            if (_hasShown && IsOneLine) Error.Clear();
        }

        public void Dispose() => Clear();
    }
}
