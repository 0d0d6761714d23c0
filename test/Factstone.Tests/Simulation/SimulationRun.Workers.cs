using Factstone.Storage;

namespace Factstone.Tests.Simulation;

/// <summary>
/// A background worker throws an unexpected exception and stops. The ledger continues without it, and the next open starts it again.
/// </summary>
internal sealed partial class SimulationRun
{
    WorkerFailure? _stopped;
    bool _wasStopped;
    int _throwsIn;

    /// <summary>The worker throws after a few more written runs, merges or pieces of zeroed space.</summary>
    void DrawThrow() => _throwsIn = _random.Next(1, 12);

    void BranchTaken(RecoveryBranch branch)
    {
        _counts.BranchTaken(branch);
        if (branch is RecoveryBranch.RunWritten or RecoveryBranch.RunsMerged or RecoveryBranch.RunsMergedWhenIdle) ThrowIfDue();
    }

    void ThrowIfDue()
    {
        if (_throwsIn > 0 && --_throwsIn == 0) throw new UnforeseenException();
    }

    void Notice(LedgerNotice notice)
    {
        if (notice is not LedgerNotice.WorkerStopped { Failure: var failure }) return;
        if (failure.Exception is not UnforeseenException)
        {
            _stopped ??= failure;
            return;
        }

        _wasStopped = true;
        _answers.HasStoppedWorker = true;
        _counts.Count($"worker stopped: {failure.Worker}");
    }

    /// <summary>Fails if a worker stopped on any exception but the planted one.</summary>
    void FailIfWorkerStopped()
    {
        if (_stopped is { } stopped) throw new SimulationFailure($"a worker has stopped: {stopped.Message}", stopped.Exception);
    }

    sealed class UnforeseenException() : Exception("planted");
}
