using Factstone.Testing;

namespace Factstone.Tests.Simulation;

/// <summary>An append that the simulation sent, and what the model knew then.</summary>
internal sealed class SentAppend(AppendRequest request, long headThen, int appendsThen)
{
    public AppendRequest Request => request;

    /// <summary>The model's head when it was sent.</summary>
    public long HeadThen => headThen;

    /// <summary>How many appends the model had then.</summary>
    public int AppendsThen => appendsThen;

    public Task<AppendOutcome> Task { get; set; } = new TaskCompletionSource<AppendOutcome>().Task;

    /// <summary>Whether nobody knows if it is there.</summary>
    public bool IsOpen => Task.IsFaulted ? Task.Exception!.InnerException is PowerLostException : Task.Result is AppendOutcome.Unknown;
}
