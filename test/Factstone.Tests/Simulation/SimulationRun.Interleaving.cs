using Factstone.Storage;

namespace Factstone.Tests.Simulation;

/// <summary>What other threads do while one thread is in the middle of its work.</summary>
internal sealed partial class SimulationRun
{
    SimulationFailure? _failure;
    bool _isInterleaving;
    bool _isClosing;

    /// <summary>
    /// The engine calls this where another thread may run. Some workers take a step, a completion runs, or a read takes place.
    /// </summary>
    void Interleave(InterleavingPoint point)
    {
        if (point == InterleavingPoint.Zeroing) ThrowIfDue();
        if (_isInterleaving || _random.Next(point == InterleavingPoint.BetweenPages ? 12 : 3) > 0) return;
        _isInterleaving = true;
        try
        {
            _counts.Count($"interleaved {point}");
            for (var i = _random.Next(1, 5); i > 0; i--) Meanwhile();
        }
        catch (SimulationFailure failure)
        {
            _failure ??= failure; // the engine may take it for a failure of its own
            throw;
        }
        finally
        {
            _isInterleaving = false;
        }
    }

    void Meanwhile()
    {
        switch (_random.Next(10))
        {
            case < 3: StepIndex(); break;
            case < 6: _scheduler.Step("factstone writer"); break;
            case < 7: _scheduler.Step("factstone zeroing"); break;
            case < 8: if (_scheduler.Completions.Count > 0) RunCompletion(); break;
            default: ReadMeanwhile(); break;
        }
    }

    /// <summary>
    /// A read on another thread or in another process. Everything that it shows is durable, right and known to the index.
    /// </summary>
    void ReadMeanwhile()
    {
        if (_ledger is not { Opening.RecoveryIsPending: false } ledger || _isClosing) return;
        Excused(() =>
        {
            var head = Sync(ledger.GetHeadAsync()).Value;
            SimulationFailure.When(head < _shown, $"the head went back from {_shown} to {head}");
            _shown = head;
            var until = Math.Min(head, _model.Head);
            foreach (var fact in Facts(ledger.ReadAsync(new ReadOptions { Backward = true, Limit = 3 })))
            {
                SimulationFailure.When(fact.Position.Value > Sync(ledger.GetHeadAsync()).Value, $"a read beside others showed {fact.Position} beyond the head");
                if (fact.Position.Value <= until) FactComparison.Same(fact, _model.All[(int)fact.Position.Value - 1], _model, ledger.Id.Tag);
            }

            var stream = _requests.Stream();
            var version = Sync(ledger.GetVersionAsync(stream, LedgerTime.AtPosition(new Position(until)))).Value;
            var expected = _model.LastAt(stream, until)?.Version ?? 0;
            SimulationFailure.When(version != expected, $"beside others {stream} is at version {version} as of {until} instead of {expected}");
        });
    }

    /// <summary>Long reads during appends. Their results are compared after the appends have completed.</summary>
    void CheckThrough()
    {
        Excused(() =>
        {
            var head = Sync(_ledger!.GetHeadAsync());
            if (head == Position.None) return;
            _shown = Math.Max(_shown, head.Value);
            var asOf = LedgerTime.AtPosition(head);
            var (stream, query, backward) = (_requests.Stream(), _requests.Query(), _random.Next(2) == 0);
            var all = Facts(_ledger.ReadAsync(new ReadOptions { AsOf = asOf, Backward = backward }));
            var ofStream = Facts(_ledger.ReadStreamAsync(stream, new StreamReadOptions { AsOf = asOf, Backward = backward }));
            var matching = Facts(_ledger.ReadAsync(query, new ReadOptions { AsOf = asOf, Backward = backward }));
            var count = Sync(_ledger.CountAsync(query, asOf));
            if (backward)
                foreach (var facts in (List<Fact>[])[all, ofStream, matching]) facts.Reverse();

            Settle();
            SimulationFailure.When(head.Value > _model.Head, $"a reader was shown {head}, and {_model.Head} is durable");
            _reads.Same(all, [.. _model.All.Take((int)head.Value)], _ledger);
            _reads.Same(ofStream, [.. _model.Stream(stream).Where(fact => fact.Position <= head.Value)], _ledger);
            var expected = _model.Matching(query, 0, head.Value).ToList();
            _reads.Same(matching, expected, _ledger);
            SimulationFailure.When(count != expected.Count, $"{count} facts of {query} were counted instead of {expected.Count}");
            _counts.Count("read through");
        });
    }
}
