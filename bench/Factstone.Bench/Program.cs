using Factstone.Bench;

return args is [BenchChild.Word, .. var words] ? await BenchChild.RunAsync(words) : await Comparison.RunAsync(args, Console.Out);
