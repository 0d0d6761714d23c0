namespace Factstone.Storage;

/// <summary>Who calls the steps of the engine: threads in production, a simulation in any order it draws.</summary>
/// <remarks>A step does one piece of work and returns whether there may be more. No step of one worker runs twice at a time.</remarks>
internal interface ICrank
{
    IWorker Start(string name, Func<bool> step);

    /// <summary>Runs a completion somewhere else than on the caller's thread, sooner or later.</summary>
    void Complete(IThreadPoolWorkItem completion);
}

/// <summary>One worker: a step that is called until there is no more to do, and again when woken.</summary>
internal interface IWorker
{
    /// <summary>There may be work. Cheap when the worker is busy anyway.</summary>
    void Wake();

    /// <summary>Asked by its own step: there may be work after a while, if nobody wakes it before.</summary>
    void WakeLater(TimeSpan after) { }

    /// <summary>Returns when the step is not running and will not run again.</summary>
    void Stop();
}
