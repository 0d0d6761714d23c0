using System.Collections.Concurrent;
using Factstone.Storage;

namespace Factstone.Tests;

/// <summary>Workers that run only when a test calls them, so that the test decides which appends form a group.</summary>
/// <remarks>Threads: any number may append. One at a time may call a worker, and completions run on that thread.</remarks>
internal sealed class SteppedScheduler : IScheduler
{
    readonly ConcurrentQueue<IThreadPoolWorkItem> _completions = new();
    Func<bool>? _writer;

    public IWorker Start(string name, Func<bool> step)
    {
        if (name == "factstone writer") _writer = step;
        return new StandingWorker();
    }

    public void Complete(IThreadPoolWorkItem completion) => _completions.Enqueue(completion);

    /// <summary>Runs one group of the writer and all completions. Returns false if nothing was queued.</summary>
    public bool Turn()
    {
        var hadWork = _writer!();
        Answer();
        return hadWork;
    }

    /// <summary>Runs groups until nothing is queued.</summary>
    public int TurnAll()
    {
        var groups = 0;
        while (Turn()) groups++;
        return groups;
    }

    /// <summary>Runs the pending completions, without a step of the writer.</summary>
    public void Answer()
    {
        while (_completions.TryDequeue(out var completion)) completion.Execute();
    }

    sealed class StandingWorker : IWorker
    {
        public void Wake() { }

        public void Stop() { }
    }
}

/// <summary>Real threads, with a count of the writer's steps.</summary>
internal sealed class CountingScheduler : IScheduler
{
    int _groups;

    /// <summary>The number of writer steps that had work to do.</summary>
    public int Groups => Volatile.Read(ref _groups);

    public IWorker Start(string name, Func<bool> step) => ThreadScheduler.Instance.Start(name, name == "factstone writer" ? () => Count(step()) : step);

    public void Complete(IThreadPoolWorkItem completion) => ThreadScheduler.Instance.Complete(completion);

    bool Count(bool hadWork)
    {
        if (hadWork) Interlocked.Increment(ref _groups);
        return hadWork;
    }
}

/// <summary>Real threads. A test can wait until one of them has nothing left to do.</summary>
internal sealed class RestingScheduler : IScheduler
{
    readonly ConcurrentDictionary<string, Watched> _workers = new(StringComparer.Ordinal);

    public IWorker Start(string name, Func<bool> step) => _workers[name] = new Watched(step, name);

    public void Complete(IThreadPoolWorkItem completion) => ThreadScheduler.Instance.Complete(completion);

    /// <summary>Returns when a step of the worker that began after this call has found nothing to do.</summary>
    public async Task RestAsync(string name, CancellationToken cancellationToken)
    {
        var worker = _workers[name];
        var asked = worker.Ask();
        while (worker.Rested < asked) await Task.Delay(1, cancellationToken);
    }

    sealed class Watched : IWorker
    {
        readonly IWorker _worker;
        long _asked;
        long _rested;

        public Watched(Func<bool> step, string name) => _worker = ThreadScheduler.Instance.Start(name, () => Step(step));

        public long Rested => Volatile.Read(ref _rested);

        public long Ask()
        {
            var asked = Interlocked.Increment(ref _asked);
            _worker.Wake();
            return asked;
        }

        public void Wake() => _worker.Wake();

        public void WakeLater(TimeSpan after) => _worker.WakeLater(after);

        public void Stop() => _worker.Stop();

        bool Step(Func<bool> step)
        {
            var asked = Volatile.Read(ref _asked);
            var hasMore = step();
            if (!hasMore) Volatile.Write(ref _rested, asked);
            return hasMore;
        }
    }
}
