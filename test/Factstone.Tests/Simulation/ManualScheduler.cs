using Factstone.Storage;

namespace Factstone.Tests.Simulation;

/// <summary>Starts no thread. The simulation draws when to call a worker's step and when to run a completion.</summary>
internal sealed class ManualScheduler : IScheduler
{
    readonly List<ManualWorker> _workers = [];

    /// <summary>Completions of decided appends that have not run yet.</summary>
    public List<IThreadPoolWorkItem> Completions { get; } = [];

    public IWorker Start(string name, Func<bool> step)
    {
        var worker = new ManualWorker(name, step);
        _workers.Add(worker);
        return worker;
    }

    public void Complete(IThreadPoolWorkItem completion) => Completions.Add(completion);

    /// <summary>Runs one step of the named worker, if it has not stopped.</summary>
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

        /// <summary>A step never runs within another step of the same worker, as with threads.</summary>
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
