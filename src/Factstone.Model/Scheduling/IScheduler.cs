namespace Factstone;

/// <summary>Calls the steps of workers: on one thread per worker in production, on a single thread in an order drawn from a seed in a simulation.</summary>
/// <remarks>A step does one piece of work and returns whether there may be more. Steps of one worker never overlap.</remarks>
internal interface IScheduler
{
    IWorker Start(string name, Func<bool> step);

    /// <summary>Runs a completion later, and not on the calling thread.</summary>
    void Complete(IThreadPoolWorkItem completion);
}
