using Factstone.Bench;

return await Comparison.RunAsync(args, Console.Out);
