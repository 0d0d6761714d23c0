using Factstone.Bench;

return args switch
{
    [BenchChild.Word, .. var words] => await BenchChild.RunAsync(words),
    [MergeOptions.Word, .. var words] => await MergeBench.RunAsync(words, Console.Out),
    [DamagedRunBench.Word, .. var words] => await DamagedRunBench.RunAsync(words, Console.Out),
    _ => await Comparison.RunAsync(args, Console.Out),
};
