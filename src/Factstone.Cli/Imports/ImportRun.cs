using System.Runtime.ExceptionServices;
using Factstone.Cli.Output;

namespace Factstone.Cli.Imports;

/// <summary>Sends batches to the ledger, a bounded number in flight, and says of each what became of it as soon as it is known.</summary>
internal sealed class ImportRun
{
    /// <summary>A batch has up to 10,000 facts, and each in flight is in memory.</summary>
    const int BatchesInFlightMax = 256;

    readonly Session _session;
    readonly Progress _progress;
    Exception? _answerFailure;
    long _newBatches, _newFacts, _knownBatches;
    Position _last;

    ImportRun(Session session, Progress progress) => (_session, _progress) = (session, progress);

    public static async Task<ImportSummary> RunAsync(Session session, IAsyncEnumerable<ImportBatch> batches, CancellationToken ct)
    {
        using var progress = new Progress(session.Host);
        return await new ImportRun(session, progress).RunAsync(batches, ct);
    }

    async Task<ImportSummary> RunAsync(IAsyncEnumerable<ImportBatch> batches, CancellationToken ct)
    {
        await using var source = batches.GetAsyncEnumerator(ct);
        // No ledger is made for a source that has nothing, or that is refused in its first line.
        if (!await source.MoveNextAsync()) return Summary();

        await using var ledger = await _session.OpenAsync(source.Current.Request, ct);
        await using (var appender = ledger.OpenAppender(new AppenderOptions { MaxInFlight = BatchesInFlightMax })) await SendAllAsync(source, appender, ct);
        return Summary();
    }

    async Task SendAllAsync(IAsyncEnumerator<ImportBatch> source, Appender appender, CancellationToken ct)
    {
        ExceptionDispatchInfo? refused = null;
        try
        {
            do await SendAsync(source.Current, appender, ct);
            while (_answerFailure is null && await source.MoveNextAsync());
        }
        catch (Exception failure) when (failure is CliException or ArgumentException)
        {
            refused = ExceptionDispatchInfo.Capture(failure);
        }

        // What was read before a bad line is good: it is in the ledger before the line is complained of.
        await appender.FlushAsync(ct);
        _session.Output.Flush();
        if (_answerFailure is { } output) throw output;
        if (refused is not null && _newBatches + _knownBatches > 0) _session.Notice($"{_newBatches + _knownBatches:N0} batches before it are in the ledger, up to @{_last}.");
        refused?.Throw();
    }

    async Task SendAsync(ImportBatch batch, Appender appender, CancellationToken ct)
    {
        try
        {
            await appender.SendAsync(batch.Request, outcome => Answered(batch, outcome), ct);
        }
        catch (ArgumentException wrong)
        {
            throw CliException.Refused($"{char.ToUpperInvariant(batch.Source[0])}{batch.Source[1..]}: {ErrorReport.Of(wrong).Message}", wrong);
        }
        _progress.Report(() => $"Importing: {_newBatches:N0} new batches with {_newFacts:N0} facts, {_knownBatches:N0} known, at {batch.Source}");
    }

    /// <summary>Called in the order of sending, by the appender.</summary>
    void Answered(ImportBatch batch, AppendOutcome outcome)
    {
        try
        {
            switch (outcome)
            {
                case AppendOutcome.Committed { Receipt: var receipt }:
                    _newBatches++;
                    _newFacts += receipt.Count;
                    Say("committed", receipt, batch);
                    break;
                case AppendOutcome.Duplicate { Receipt: var receipt }:
                    _knownBatches++;
                    Say("duplicate", receipt, batch);
                    break;
            }
        }
        catch (IOException failure)
        {
            // Nobody reads the receipts any more; the import ends, not the appender's thread.
            _answerFailure = failure;
        }
    }

    void Say(string outcome, AppendReceipt receipt, ImportBatch batch)
    {
        if (receipt.LastPosition > _last) _last = receipt.LastPosition;
        if (!_session.IsJson) return;
        _session.Output.WriteJson(json => OutcomeJson.WriteReceipt(json, outcome, receipt, batch.Request.AppendId));
        _session.Output.Flush();
    }

    ImportSummary Summary() => new(_newBatches, _newFacts, _knownBatches, _last, _progress.Elapsed);
}

/// <summary>What an import came to.</summary>
internal sealed record ImportSummary(long NewBatches, long NewFacts, long KnownBatches, Position Last, TimeSpan Duration)
{
    /// <summary>One line; on standard error where standard output is for a program.</summary>
    public void WriteTo(Session session, string batches)
    {
        var speed = NewFacts > 0 && Duration > TimeSpan.Zero ? $", {NewFacts / Duration.TotalSeconds:N0} facts a second" : "";
        var line = $"{NewBatches:N0} new {batches} with {NewFacts:N0} facts, {KnownBatches:N0} known before{(Last > Position.None ? $", up to @{Last}" : "")}; {Duration.TotalSeconds:0.0} s{speed}.";
        if (session.IsJson) session.Host.Error.WriteLine(line);
        else session.Output.WriteLine(line);
    }
}
