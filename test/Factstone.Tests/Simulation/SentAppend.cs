using Factstone.Testing;

namespace Factstone.Tests.Simulation;

/// <summary>An append that the simulation sent, and the state of the model at that time.</summary>
internal sealed class SentAppend(AppendRequest request, long headThen, int appendsThen)
{
    public AppendRequest Request => request;

    /// <summary>The model's head when the append was sent.</summary>
    public long HeadThen => headThen;

    /// <summary>The number of appends in the model when it was sent.</summary>
    public int AppendsThen => appendsThen;

    public Task<AppendOutcome> Task { get; set; } = new TaskCompletionSource<AppendOutcome>().Task;

    /// <summary>Whether its outcome is unknown.</summary>
    public bool IsOpen => Task.IsFaulted ? Task.Exception!.InnerException is PowerLostException : Task.Result is AppendOutcome.Unknown;
}
