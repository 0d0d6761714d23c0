namespace Factstone.Storage;

/// <summary>A run is not what was written. It says nothing that the log does not say, so it is made again; nobody outside of the storage hears of it.</summary>
internal sealed class RunDamagedException(Run run, string what) : Exception($"The run {run.Path} {what}.")
{
    public Run Run { get; } = run;
}
