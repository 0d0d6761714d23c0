using Factstone.Storage;

namespace Factstone.Tests.Simulation;

/// <summary>Another program changes the directory of the open ledger.</summary>
internal sealed partial class SimulationRun
{
    const string Elsewhere = "elsewhere";

    int _removed;

    /// <summary>Deletes the lock file; another process then tries to open the ledger for writing.</summary>
    void DeleteLock()
    {
        if (!_disk.DeleteLock()) return;
        Excused(() =>
        {
            try
            {
                FileStorage.Open(_disk.StartProcess(), Root, OptionsOfCopy().ToStorageOptions(), default).Dispose();
            }
            catch (LedgerLockedException)
            {
                _counts.Count("second writer refused");
                return;
            }

            throw new SimulationFailure("a second writer opened the ledger when the lock file was deleted");
        });
    }

    /// <summary>
    /// Moves the directory while the writer continues. Sometimes another ledger is created at its old path. Then everything is moved back.
    /// </summary>
    void MoveAway()
    {
        _disk.MoveDirectory(Root, Elsewhere);
        try
        {
            var hasOther = _random.Next(2) == 0 && MakeOther();
            for (var i = _random.Next(1, 4); i > 0; i--) Send();
            Settle();
            Excused(() => _reads.Some(_ledger!, _model.Head));
            if (hasOther) CheckOther();
            _counts.Count("worked on in a directory that was moved");
        }
        finally
        {
            RemoveOther();
            _disk.MoveDirectory(Elsewhere, Root);
        }
    }

    bool MakeOther()
    {
        var isMade = false;
        WithoutFaults(() =>
        {
            using var other = OpenOther();
            isMade = true;
        });
        return isMade;
    }

    /// <summary>The other ledger contains none of this ledger's data.</summary>
    void CheckOther() => WithoutFaults(() =>
    {
        using var other = OpenOther();
        SimulationFailure.When(other.Id == _ledger!.Id || other.Damage.Count > 0 || Sync(other.GetHeadAsync()) != Position.None, $"a ledger was moved, and the new one at its path has {Sync(other.GetHeadAsync())} facts and damage: {string.Join(' ', other.Damage)}");
        var segments = _disk.Paths.Count(static path => path.StartsWith($"{Root}/segments/", StringComparison.Ordinal) && LedgerLayout.IsSegment(path));
        SimulationFailure.When(segments != 1, $"a ledger was moved, and the new one at its path has {segments} segments");
    });

    Ledger OpenOther()
    {
        var options = OptionsOfCopy() with { FileSystem = _disk.StartProcess(), Scheduler = new ManualScheduler() };
        return Ledger.Open(FileStorage.Open(options.FileSystem, Root, options.ToStorageOptions(), default), options);
    }

    void RemoveOther() => WithoutFaults(() =>
    {
        var files = _disk.StartProcess();
        if (!files.DirectoryExists(Root)) return;
        foreach (var path in _disk.Paths.Where(static path => path.StartsWith($"{Root}/", StringComparison.Ordinal)).ToList()) files.Delete(path);
        foreach (var directory in (string[])[Root, $"{Root}/segments", $"{Root}/index"])
            if (files.DirectoryExists(directory)) files.SyncDirectory(directory);
        _disk.MoveDirectory(Root, $"removed{++_removed}");
    });

    void WithoutFaults(Action action)
    {
        var (wasEnabled, capacity) = (_disk.Faults.IsEnabled, _disk.CapacityBytes);
        (_disk.Faults.IsEnabled, _disk.CapacityBytes) = (false, long.MaxValue);
        try
        {
            action();
        }
        finally
        {
            (_disk.Faults.IsEnabled, _disk.CapacityBytes) = (wasEnabled, capacity);
        }
    }
}
