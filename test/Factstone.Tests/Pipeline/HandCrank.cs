using System.Collections.Concurrent;
using Factstone.Storage;

namespace Factstone.Tests;

/// <summary>Workers that stand still until a test turns them, so that a test decides what comes into one group.</summary>
/// <remarks>Threads: any number may append; one at a time turns. Completions run on the one that turns.</remarks>
internal sealed class HandCrank : ICrank
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
internal sealed class CountingCrank : ICrank
{
    int _groups;

    /// <summary>Turns of the writer that had something to decide.</summary>
    public int Groups => Volatile.Read(ref _groups);

    public IWorker Start(string name, Func<bool> step) => ThreadCrank.Instance.Start(name, name == "factstone writer" ? () => Count(step()) : step);

    public void Complete(IThreadPoolWorkItem completion) => ThreadCrank.Instance.Complete(completion);

    bool Count(bool hadWork)
    {
        if (hadWork) Interlocked.Increment(ref _groups);
        return hadWork;
    }
}
