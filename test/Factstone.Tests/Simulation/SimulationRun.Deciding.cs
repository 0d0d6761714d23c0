using System.Globalization;

namespace Factstone.Tests.Simulation;

/// <summary>Deciders on a few streams and on a query, many at once, beside all other callers.</summary>
internal sealed partial class SimulationRun
{
    const string DecidedStore = "decided";

    static readonly FactQuery DecidedQuery = FactQuery.Tags("decided");

    readonly List<Deciding> _deciding = [];
    DecidingLedger? _deciders;

    /// <summary>Starts some decisions. They go on within completions and answers.</summary>
    void Decide()
    {
        for (var left = _random.Next(1, 6); left > 0; left--)
        {
            var stream = new StreamName(DecidedStore, _random.Next(2) == 0 ? "a" : "b");
            var isByQuery = _random.Next(3) == 0;
            var asks = _random.Next(8) == 0;
            var way = _random.Next(12);
            var count = _random.Next(1, 3);
            var stop = new CancellationTokenSource();
            var options = new DecideOptions { TakesTurns = _random.Next(5) > 0, AttemptsMax = 50 };
            var deciding = new Deciding(isByQuery ? default(StreamName?) : stream, asks, Math.Max(_model.Head, LastAcknowledged()), stop);
            _deciding.Add(deciding);
            _counts.Count("decision");
            Func<string, IReadOnlyList<object>> decide = state => way switch
            {
                0 => throw new DivideByZeroException(state),
                1 => [new Uri("urn:no-fact")],
                2 => [],
                3 => [NewFact.WithoutPayload(new StreamName("decided\n", "a"), "wrong")],
                _ => Facts(way == 4 ? new StreamName(DecidedStore, "other") : stream, count),
            };
            deciding.Task = (isByQuery
                ? _deciders!.DecideAsync(deciding.Projection, DecidedQuery, decide, options, stop.Token)
                : _deciders!.DecideAsync(deciding.Projection, stream, decide, options, stop.Token)).AsTask();
        }

        if (_random.Next(4) == 0) _deciding[_random.Next(_deciding.Count)].Stop.Cancel();
    }

    /// <summary>The last position that a caller was told. The model does not have it yet.</summary>
    long LastAcknowledged() => _sent.Max(static sent => sent.Task is { IsCompletedSuccessfully: true, Result: AppendOutcome.Committed committed } ? committed.Receipt.LastPosition.Value : (long?)0) ?? 0;

    NewFact[] Facts(StreamName stream, int count)
    {
        var number = _requests.Reserve().ToString(CultureInfo.InvariantCulture);
        return [.. Enumerable.Range(0, count).Select(i => new NewFact(stream, "decided", i.ToString(CultureInfo.InvariantCulture)) { Tags = ["decided"], Correlation = number })];
    }

    void OpenDeciders()
    {
        var ledger = _ledger!;
        _deciders = new DecidingLedger(ledger, Send);
        DecisionLines.Use(_deciders, new DecisionLines(_clock, _random, runsInline: true));

        ValueTask<AppendOutcome> Send(AppendRequest request)
        {
            var sent = new SentAppend(request, _model.Head, _model.Count);
            if (request.Facts[0].Correlation is not null) _requests.Record(request);
            _trace?.WriteLine($"decided: {request.Facts.Count} facts, {string.Join(" and ", request.Conditions)}");
            _counts.Appends++;
            sent.Task = ledger.TryAppendAsync(request).AsTask();
            _sent.Add(sent);
            return new ValueTask<AppendOutcome>(sent.Task);
        }
    }

    /// <summary>A decider that was told anything was told the truth: its state is that of the facts up to its append, all durable. Called when the model has every append.</summary>
    void TakeDecisions()
    {
        foreach (var deciding in _deciding.Where(static one => one.Task.IsCompleted).ToList())
        {
            if (deciding.Task.IsFaulted) _counts.Count($"decision: {deciding.Task.Exception!.InnerException!.GetType().Name}");
            if (!deciding.Task.IsCompletedSuccessfully)
            {
                _deciding.Remove(deciding);
                continue;
            }

            var decided = deciding.Task.Result;
            _deciding.Remove(deciding);
            var until = decided.Receipt?.LastPosition.Value ?? _model.Head;
            var from = decided.Receipt is null ? deciding.HeadThen : until;
            var isTrue = false;
            for (var at = from; at <= until && !isTrue; at++) isTrue = Expected(deciding, at) == decided.State;
            SimulationFailure.When(!isTrue, $"a decider of {deciding.Stream?.ToString() ?? "the query"} was told '{decided.State}' at {until}, and it is '{Expected(deciding, until)}'");
            _counts.Count(decided.Receipt is null ? "decided nothing" : decided.Attempts > 1 ? "decided again" : "decided at once");
        }
    }

    string Expected(Deciding deciding, long until)
    {
        var facts = deciding.Stream is { } stream ? _model.Stream(stream).Where(fact => fact.Position <= until) : _model.Matching(DecidedQuery, 0, until);
        return facts.Aggregate("", (state, fact) => Deciding.Next(state, fact.Fact.Correlation!, deciding.Asks ? fact.Position : 0));
    }

    /// <summary>One decider.</summary>
    /// <param name="Stream">The stream; null for the query.</param>
    /// <param name="Asks">Whether its fold asks each fact for its position.</param>
    /// <param name="HeadThen">The last position that was told to a caller when it began.</param>
    /// <param name="Stop">Cancels it.</param>
    sealed record Deciding(StreamName? Stream, bool Asks, long HeadThen, CancellationTokenSource Stop)
    {
        static readonly Projection<string> Plain = new() { Name = "correlations", Seed = "", Step = static (state, fact) => Next(state, fact.Correlation!, 0) };
        static readonly Projection<string> Asking = new() { Name = "positions", Seed = "", Step = static (state, fact) => Next(state, fact.Correlation!, fact.Position.Value) };

        public Projection<string> Projection => Asks ? Asking : Plain;

        public Task<Decided<string>> Task { get; set; } = new TaskCompletionSource<Decided<string>>().Task;

        /// <summary>The state has each fact, in order, so that none can be missing, twice or in another place.</summary>
        public static string Next(string state, string correlation, long position) => string.Create(CultureInfo.InvariantCulture, $"{state}{correlation}@{position} ");
    }
}
