using Factstone.Storage;

namespace Factstone.Tests.Simulation;

/// <summary>Replaces files of the ledger by older ones, or deletes them.</summary>
internal sealed partial class SimulationRun
{
    readonly List<IReadOnlyDictionary<string, SparseBytes>> _older = [];

    /// <summary>Keeps the current files, so that a later operation can restore them.</summary>
    void Remember()
    {
        Settle();
        if (_maybe.Count > 0) return; // a copy may hold what is lost later, and then it is of another ledger than this
        var older = _disk.Snapshot();
        if (_older.Count < 3) _older.Add(older);
        else _older[_random.Next(_older.Count)] = older;
    }

    /// <summary>Examines a copy of the closed or killed ledger whose files have different ages.</summary>
    void Age()
    {
        if (_older.Count == 0) return;
        Settle();
        if (_maybe.Count > 0) return;
        var isKilled = _random.Next(3) == 0;
        if (isKilled)
        {
            _disk.KillProcess();
            Died();
        }
        else
        {
            Close(loses: false);
        }

        var aged = new AgedCopy(_model, _random, OptionsOfCopy(), _counts);
        for (var i = 0; i < 3; i++) aged.Examine(_disk.Snapshot(), _older[_random.Next(_older.Count)], isKilled);
    }
}
