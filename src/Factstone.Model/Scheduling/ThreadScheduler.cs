namespace Factstone;

/// <summary>Gives each worker its own thread; completions go to the thread pool.</summary>
internal sealed class ThreadScheduler : IScheduler
{
    public static readonly ThreadScheduler Instance = new();

    public IWorker Start(string name, Func<bool> step) => new Worker(name, step);

    public void Complete(IThreadPoolWorkItem completion) => ThreadPool.UnsafeQueueUserWorkItem(completion, preferLocal: false);

#pragma warning disable CA1001 // The event is left to the collector: a wake of a worker that has been stopped must not fail.
    sealed class Worker : IWorker
#pragma warning restore CA1001
    {
        /// <summary>How often a worker checks for work before it sleeps: to wake a thread takes as long as a small sync.</summary>
        const int SpinsBeforeSleep = 400;

        readonly Func<bool> _step;
        readonly Thread _thread;
        readonly AutoResetEvent _woken = new(initialState: false);
        int _signals;
        int _isAsleep;
        volatile bool _isStopping;
        TimeSpan _later = Timeout.InfiniteTimeSpan;

        public Worker(string name, Func<bool> step)
        {
            _step = step;
            _thread = new Thread(Run) { Name = name, IsBackground = true };
            _thread.Start();
        }

        public void Wake()
        {
            Interlocked.Increment(ref _signals);
            if (Volatile.Read(ref _isAsleep) == 1) _woken.Set();
        }

        public bool WakesLater => true;

        public void WakeLater(TimeSpan after) => _later = after;

        public void Stop()
        {
            _isStopping = true;
            _woken.Set();
            Invariant.Holds(Thread.CurrentThread != _thread);
            _thread.Join();
        }

        void Run()
        {
            try
            {
                while (!_isStopping)
                {
                    var seen = Volatile.Read(ref _signals);
                    _later = Timeout.InfiniteTimeSpan;
                    if (_step()) continue;
                    Sleep(seen, _later);
                }
            }
            catch (MachineStoppedException)
            {
                // A simulated power loss ends the threads of its process, and not the process of the test.
            }
        }

        void Sleep(int seen, TimeSpan atMost)
        {
            var spinner = default(SpinWait);
            for (var i = 0; i < SpinsBeforeSleep; i++)
            {
                if (Volatile.Read(ref _signals) != seen || _isStopping) return;
                spinner.SpinOnce(sleep1Threshold: -1);
            }

            // A thread that signals after this sees that the worker sleeps. A signal before this is seen by the second check.
            Interlocked.Exchange(ref _isAsleep, 1);
            if (Volatile.Read(ref _signals) == seen && !_isStopping) _woken.WaitOne(atMost);
            Volatile.Write(ref _isAsleep, 0);
        }
    }
}
