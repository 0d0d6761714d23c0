namespace Factstone.Storage;

/// <summary>A run differs from what was written. Everything in it is also in the log, so it is rebuilt, and the exception never leaves the storage.</summary>
internal sealed class RunDamagedException(Run run, string what) : Exception($"The run {run.Path} {what}.")
{
    public Run Run { get; } = run;
}
