using Factstone.Cli.Imports;
using Factstone.Cli.Output;

namespace Factstone.Cli.Demo;

/// <summary>The history that the demo shows, imported into its ledger; a very long one is cut after a few seconds.</summary>
/// <param name="Commits">Commits that changed something.</param>
/// <param name="Facts">Changed files.</param>
/// <param name="Duration">From the first commit read to the last one durable.</param>
/// <param name="IsWhole">False if the import was cut.</param>
/// <param name="Ends">The last position of each commit, and its author time.</param>
internal sealed record DemoImport(long Commits, long Facts, TimeSpan Duration, bool IsWhole, IReadOnlyList<DemoCommit> Ends)
{
    /// <summary>A commit may change thousands of files, and each commit in flight is in memory.</summary>
    const int BatchesInFlightMax = 64;

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    public double FactsPerSecond => Duration > TimeSpan.Zero ? Facts / Duration.TotalSeconds : 0;

    public static async Task<DemoImport> RunAsync(Ledger ledger, GitRepository repository, CliHost host, CancellationToken ct)
    {
        using var progress = new Progress(host);
        var ends = new List<DemoCommit>();
        var isWhole = true;
        long facts = 0, started = 0;
        await using (var appender = ledger.OpenAppender(new AppenderOptions { MaxInFlight = BatchesInFlightMax }))
        {
            await using var history = repository.ReadHistoryAsync(ct).GetAsyncEnumerator(ct);
            while (await progress.WaitAsync(history.MoveNextAsync().AsTask(), "git is gathering the history"))
            {
                var batch = history.Current;
                // The time before git's first commit does not count for the ledger.
                if (started == 0) started = host.TimeProvider.GetTimestamp();
                if (batch.Part == 1 && host.TimeProvider.GetElapsedTime(started) > Patience)
                {
                    isWhole = false;
                    break;
                }

                facts += batch.Changes.Count;
                await appender.SendAsync(GitImport.Request(batch, "files"), cancellationToken: ct);
                if (batch.Part > 1) ends.RemoveAt(ends.Count - 1);
                ends.Add(new DemoCommit(batch.Commit, batch.AuthoredAt, new Position(facts)));
                progress.Report(() => $"Importing the history: {ends.Count:N0} commits, {facts:N0} facts");
            }
            await appender.FlushAsync(ct);
        }
        return new DemoImport(ends.Count, facts, started == 0 ? TimeSpan.Zero : host.TimeProvider.GetElapsedTime(started), isWhole, ends);
    }
}

/// <summary>One commit in the demo's ledger.</summary>
internal sealed record DemoCommit(string Commit, DateTimeOffset? AuthoredAt, Position Last);
