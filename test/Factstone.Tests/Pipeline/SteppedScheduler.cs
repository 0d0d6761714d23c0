using System.Collections.Concurrent;
using Factstone.Storage;

namespace Factstone.Tests;

/// <summary>Workers that stand still until a test turns them, so that a test decides what comes into one group.</summary>
/// <remarks>Threads: any number may append; one at a time turns. Completions run on the one that turns.</remarks>
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

    /// <summary>One group of the writer, and all answers; false when nothing was queued.</summary>
    public bool Turn()
    {
        var hadWork = _writer!();
        Answer();
        return hadWork;
    }

    /// <summary>Groups until nothing is queued.</summary>
    public int TurnAll()
    {
        var groups = 0;
        while (Turn()) groups++;
        return groups;
    }

    /// <summary>The answers that are due, without a turn of the writer.</summary>
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

/// <summary>Real threads, with the turns of the writer counted.</summary>
internal sealed class CountingScheduler : IScheduler
{
    int _groups;

    /// <summary>Turns of the writer that had something to decide.</summary>
    public int Groups => Volatile.Read(ref _groups);

    public IWorker Start(string name, Func<bool> step) => ThreadScheduler.Instance.Start(name, name == "factstone writer" ? () => Count(step()) : step);

    public void Complete(IThreadPoolWorkItem completion) => ThreadScheduler.Instance.Complete(completion);

    bool Count(bool hadWork)
    {
        if (hadWork) Interlocked.Increment(ref _groups);
        return hadWork;
    }
}

/// <summary>Real threads, of which a test can wait for one until it has nothing left to do.</summary>
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
