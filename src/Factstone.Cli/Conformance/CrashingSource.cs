using Factstone.Conformance;
using Factstone.Testing;

namespace Factstone.Cli.Conformance;

/// <summary>Ledgers on a simulated disk that loses its power, or whose process is killed, at random I/Os: also while it is opened or recovered.</summary>
/// <param name="seed">The seed of the run. Each ledger draws its own from it.</param>
internal sealed class CrashingSource(int seed) : LedgerSource
{
    int _ledgers;
    int _crashes;

    public override string Name => $"on a simulated disk that crashes at random I/Os, seed {seed}";

    public override bool MayStop => true;

    /// <summary>The crashes of all ledgers so far.</summary>
    public int Crashes => Volatile.Read(ref _crashes);

    public override ValueTask<LedgerUnderTest> CreateAsync(CancellationToken cancellationToken) => ValueTask.FromResult<LedgerUnderTest>(new CrashingLedger(this, HashCode.Combine(seed, Interlocked.Increment(ref _ledgers))));

    sealed class CrashingLedger : LedgerUnderTest
    {
        readonly Random _random;
        readonly SimulatedDisk _disk;
        CancellationTokenSource _stopped = new();
        Ledger? _ledger;
        int _crashesLeft;

        public CrashingLedger(CrashingSource source, int seed)
        {
            _random = new Random(seed);
            _crashesLeft = _random.Next(5);
            _disk = new SimulatedDisk(seed)
            {
                Stopped = () =>
                {
                    Interlocked.Increment(ref source._crashes);
                    _ = _stopped.CancelAsync();
                },
            };
        }

        public override CancellationToken Stopped => _stopped.Token;

        public override IBlobStore? Blobs => _ledger?.Blobs;

        public override async ValueTask<ILedger> OpenAsync(LedgerSetup setup, CancellationToken cancellationToken)
        {
            while (true)
            {
                await CloseAsync();
                var stopped = _stopped = new CancellationTokenSource();
                DrawCrash();
                try
                {
                    var options = new LedgerOptions
                    {
                        Types = setup.Types,
                        InlineProjections = setup.InlineProjections,
                        AsyncProjections = setup.AsyncProjections,
                        LockWait = TimeSpan.Zero,
                        PreallocationBytesMin = 0,
                        PreallocationBytesMax = 0,
                        SegmentSizeBytes = 64 * 1_024,
                    };
                    _ledger = await _disk.OpenLedgerAsync(options, cancellationToken).AsTask().WaitAsync(stopped.Token);
                    if (!stopped.IsCancellationRequested) return _ledger;
                }
                catch (Exception) when (stopped.IsCancellationRequested)
                {
                    // The next attempt recovers what this one left.
                }
            }
        }

        public override async ValueTask DisposeAsync()
        {
            lock (_disk.Gate) _disk.Faults.Clear();
            await CloseAsync();
        }

        /// <summary>Sets the I/O of the next crash, if there is one left.</summary>
        void DrawCrash()
        {
            lock (_disk.Gate)
            {
                _disk.Faults.Clear();
                if (_crashesLeft == 0) return;
                _crashesLeft--;
                _disk.Faults.At(_disk.IoCount + _random.Next(1, 60), _random.Next(2) == 0 ? Fault.PowerLoss : Fault.ProcessKill);
            }
        }

        /// <summary>Closes the ledger. One that has stopped may never be closed, and need not be.</summary>
        async ValueTask CloseAsync()
        {
            if (_ledger is not { } ledger) return;
            _ledger = null;
            var stopped = _stopped;
            try
            {
                await ledger.DisposeAsync().AsTask().WaitAsync(stopped.Token);
            }
            catch (Exception) when (stopped.IsCancellationRequested)
            {
                // Its disk is gone.
            }
        }
    }
}
