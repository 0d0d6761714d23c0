using Factstone.Storage;

namespace Factstone.Tests.Damage;

/// <summary>
/// Runs every worker on the thread that wakes it. An open needs no thread, and an append has completed when the call returns.
/// </summary>
internal sealed class InlineScheduler : IScheduler
{
    readonly List<Worker> _workers = [];
    bool _isHeld;

    public IWorker Start(string name, Func<bool> step)
    {
        var worker = new Worker(this, step);
        _workers.Add(worker);
        return worker;
    }

    public void Complete(IThreadPoolWorkItem completion) => completion.Execute();

    /// <summary>Everything that is queued during the call becomes one group.</summary>
    public void Together(Action queue)
    {
        _isHeld = true;
        queue();
        _isHeld = false;
        foreach (var worker in _workers) worker.Wake();
    }

    sealed class Worker(InlineScheduler scheduler, Func<bool> step) : IWorker
    {
        bool _isRunning;

        public void Wake()
        {
            if (_isRunning || scheduler._isHeld) return;
            _isRunning = true;
            while (step()) { }
            _isRunning = false;
        }

        public void Stop() { }
    }
}
