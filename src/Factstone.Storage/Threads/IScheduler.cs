namespace Factstone.Storage;

/// <summary>Calls the steps of the workers: on one thread per worker in production, in a random order in a simulation.</summary>
/// <remarks>A step does one piece of work and returns whether there may be more. Steps of one worker never overlap.</remarks>
internal interface IScheduler
{
    IWorker Start(string name, Func<bool> step);

    /// <summary>Runs a completion later, and not on the calling thread.</summary>
    void Complete(IThreadPoolWorkItem completion);
}

/// <summary>One worker. Its step is called until it returns false, and again after <see cref="Wake"/>.</summary>
internal interface IWorker
{
    /// <summary>Reports that there may be work. Cheap while the worker is busy.</summary>
    void Wake();

    /// <summary>Called by the step itself: calls it again after this time, unless the worker is woken before.</summary>
    void WakeLater(TimeSpan after) { }

    /// <summary>Stops the worker. When it returns, the step is not running and will not run again.</summary>
    void Stop();
}
