namespace Factstone.Cli.Growth;

/// <summary>An operation whose input was drawn beforehand.</summary>
/// <param name="Run">Runs it; this is what is measured.</param>
/// <param name="Check">Checks the answers afterwards, if that is not done during the run.</param>
internal sealed record GrowthWork(Func<Task> Run, Action? Check = null);
