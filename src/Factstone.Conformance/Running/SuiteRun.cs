using System.Diagnostics;

namespace Factstone.Conformance.Running;

/// <summary>Checks claims, several at once, each on a ledger of its own.</summary>
internal static class SuiteRun
{
    public static async Task<ConformanceRun> RunAsync(IReadOnlyList<Claim> claims, LedgerSource source, ConformanceOptions options, Action<ClaimResult>? progress, CancellationToken cancellationToken)
    {
        var results = new ClaimResult[claims.Count];
        var reporting = new Lock();
        await Parallel.ForAsync(0, claims.Count, new ParallelOptions { MaxDegreeOfParallelism = options.ClaimsAtOnce, CancellationToken = cancellationToken }, async (i, ct) =>
        {
            results[i] = await CheckAsync(claims[i], source, options.ClaimTimeout, ct);
            lock (reporting) progress?.Invoke(results[i]);
        }).ConfigureAwait(false);
        return new ConformanceRun(source.Name, results);
    }

    static async Task<ClaimResult> CheckAsync(Claim claim, LedgerSource source, TimeSpan timeMax, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var (status, message) = await OutcomeAsync(claim.Check, source, timeMax, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return new ClaimResult(claim, status, message, Stopwatch.GetElapsedTime(started));
    }

    static async Task<(ClaimStatus Status, string? Message)> OutcomeAsync(Func<ClaimContext, Task> check, LedgerSource source, TimeSpan timeMax, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(timeMax);
        LedgerUnderTest? tested = null;
        try
        {
            tested = await source.CreateAsync(timeout.Token);
            var context = await ClaimContext.OpenAsync(source, tested, timeout.Token);
            await Task.Run(() => check(context), timeout.Token).WaitAsync(timeout.Token);
            return (ClaimStatus.Passed, null);
        }
        catch (PartMissingException missing)
        {
            return (ClaimStatus.Missing, missing.Message);
        }
        catch (Exception failure) // whatever is thrown is the answer
        {
            var isLate = timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested;
            return (ClaimStatus.Failed, isLate ? $"It took longer than {timeMax.TotalSeconds:0} s." : failure is Claims.ClaimFailedException ? failure.Message : $"{failure.GetType().Name}: {failure.Message}");
        }
        finally
        {
            if (tested is not null) await tested.DisposeAsync();
        }
    }
}
