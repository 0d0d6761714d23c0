using Factstone.Bench;

return args switch
{
    [BenchChild.Word, .. var words] => await BenchChild.RunAsync(words),
    [MergeOptions.Word, .. var words] => await MergeBench.RunAsync(words, Console.Out),
    [DecideBench.Word, .. var words] => await DecideBench.RunAsync(words, Console.Out),
    [TypedBench.Word, .. var words] => await TypedBench.RunAsync(words, Console.Out),
    [FaceBench.Word, .. var words] => await FaceBench.RunAsync(words, Console.Out),
    [ProjectionBench.Word, .. var words] => await ProjectionBench.RunAsync(words, Console.Out),
    [DamagedRunBench.Word, .. var words] => await DamagedRunBench.RunAsync(words, Console.Out),
    _ => await Comparison.RunAsync(args, Console.Out),
};
