using Factstone.Storage;

namespace Factstone.Tests.Workers;

/// <summary>Runs every worker on the thread that wakes it, and records which one runs.</summary>
internal sealed class MarkedScheduler : IScheduler
{
    /// <summary>The worker whose step is running.</summary>
    public string? Current { get; private set; }

    /// <summary>A worker that never runs, so that the writer has to do its work.</summary>
    public string? Late { get; init; }

    public IWorker Start(string name, Func<bool> step) => new Worker(this, name, step);

    public void Complete(IThreadPoolWorkItem completion) => completion.Execute();

    sealed class Worker(MarkedScheduler scheduler, string name, Func<bool> step) : IWorker
    {
        bool _isRunning;

        public void Wake()
        {
            if (_isRunning || name == scheduler.Late) return;
            _isRunning = true;
            var before = scheduler.Current;
            scheduler.Current = name;
            while (step()) { }
            scheduler.Current = before;
            _isRunning = false;
        }

        public void Stop() { }
    }
}
