namespace Factstone.Cli.Growth;

/// <summary>Something to be done, drawn beforehand.</summary>
/// <param name="Run">Does it; this is what is measured.</param>
/// <param name="Check">Looks at the answers afterwards, where that is not done meanwhile.</param>
internal sealed record GrowthWork(Func<Task> Run, Action? Check = null);
