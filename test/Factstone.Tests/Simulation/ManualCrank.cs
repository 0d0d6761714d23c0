using Factstone.Storage;

namespace Factstone.Tests.Simulation;

/// <summary>Turns nothing by itself: the simulation calls each worker's step, and runs each completion, when it draws to.</summary>
internal sealed class ManualCrank : ICrank
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
        public string Name => name;

        public bool IsStopped { get; private set; }

        public bool Step() => step();

        public void Wake() { }

        public void Stop() => IsStopped = true;
    }
}
