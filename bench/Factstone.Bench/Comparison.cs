using Factstone.Cli.Bench;

namespace Factstone.Bench;

/// <summary>Measures all sides of each workload in turn within each round, so that the state of the machine affects all of them alike.</summary>
internal static class Comparison
{
    public static async Task<int> RunAsync(string[] words, TextWriter output)
    {
        if (ComparisonOptions.Parse(words) is not { } options)
        {
            await output.WriteLineAsync(ComparisonOptions.Usage);
            return 2;
        }

        var directory = Directory.CreateDirectory(Path.Combine(options.Directory, $"factstone-bench-{Environment.ProcessId}"));
        try
        {
            await using var context = new BenchContext(options, directory.FullName);
            await RunAsync(context, options.IsJson ? new JsonResults(output) : new TableResults(output));
            return 0;
        }
        catch (InvalidDataException wrong)
        {
            await Console.Error.WriteLineAsync($"What was read is not what was written: {wrong.Message}");
            return 1;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    static async Task RunAsync(BenchContext context, IResults results)
    {
        var options = context.Options;
        await results.BeginAsync(
            $"Machine: {Machine.Describe(context.Directory)}",
            SqliteStore.Describe(context.Directory),
            $"JSON of {Payloads.Bytes} bytes; {options.Rounds} rounds of {options.Seconds} s each; stores that are read have {options.Facts:N0} facts.");
        var patience = TimeProvider.System.GetUtcNow().AddMinutes(options.WaitMinutes);
        foreach (var workload in Workloads.Make(context, options.Workloads))
        {
            await using (workload)
            {
                BenchContext.Report($"{workload.Name} {workload.What}: being prepared");
                await workload.PrepareAsync();
                var result = new ComparedResult(workload);
                for (var round = 0; round < (workload.Varies ? options.Rounds : 1); round++)
                {
                    // Each round begins with another side.
                    var sides = workload.Sides;
                    var measured = await MeasureAsync(round, [.. sides.Skip(round % sides.Count), .. sides.Take(round % sides.Count)], patience);
                    result.Add(measured);
                    BenchContext.Report($"{workload.Name} round {round + 1}: {measured}");
                }

                await results.AddAsync(result);
            }
        }

        await results.EndAsync("Everything that SQLite and Factstone answered was compared with what was written.");
    }

    /// <summary>Measures all sides, one right after the other. Until the patience ends, it repeats a measurement that other processes disturbed.</summary>
    static async Task<MeasuredRound> MeasureAsync(int round, IReadOnlyList<Side> sides, DateTimeOffset patience)
    {
        for (var attempt = 1; ; attempt++)
        {
            await OtherWork.WaitForQuietAsync(patience);
            var others = new OtherWork();
            var values = new Dictionary<string, double>();
            foreach (var side in sides) values[side.Name] = await side.MeasureAsync();
            var measured = new MeasuredRound(round + 1, values, others.Share(), attempt);
            if (measured.Others < OtherWork.Limit || TimeProvider.System.GetUtcNow() >= patience) return measured;
        }
    }
}
