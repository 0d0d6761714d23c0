using Factstone.Storage;

namespace Factstone.Tests.Simulation;

/// <summary>Turns nothing by itself: the simulation calls each worker's step, and runs each completion, when it draws to.</summary>
internal sealed class ManualScheduler : IScheduler
{
    readonly List<ManualWorker> _workers = [];

    /// <summary>Answers that have been decided and not been given yet.</summary>
    public List<IThreadPoolWorkItem> Completions { get; } = [];

    public IWorker Start(string name, Func<bool> step)
    {
        var worker = new ManualWorker(name, step);
        _workers.Add(worker);
        return worker;
    }

    public void Complete(IThreadPoolWorkItem completion) => Completions.Add(completion);

    /// <summary>One step of the worker of that name, if it still runs.</summary>
    public bool Step(string name) => _workers.FindLast(worker => worker.Name == name) is { IsStopped: false } worker && worker.Step();

    public void RunCompletion(int index)
    {
        var completion = Completions[index];
        Completions.RemoveAt(index);
        completion.Execute();
    }

    sealed class ManualWorker(string name, Func<bool> step) : IWorker
    {
        bool _isRunning;

        public string Name => name;

        public bool IsStopped { get; private set; }

        /// <summary>As with threads, no step runs within another one of the same worker.</summary>
        public bool Step()
        {
            if (_isRunning) return false;
            _isRunning = true;
            try
            {
                return step();
            }
            finally
            {
                _isRunning = false;
            }
        }

        public void Wake() { }

        public void Stop() => IsStopped = true;
    }
}
