using System.Runtime.ExceptionServices;
using Factstone.Cli.Output;

namespace Factstone.Cli.Imports;

/// <summary>Sends batches to the ledger, with a bounded number in flight, and reports the outcome of each as soon as it is known.</summary>
internal sealed class ImportRun
{
    const int BatchesInFlightMax = 1_024;

    /// <summary>A batch may have many megabytes, and each batch in flight is in memory.</summary>
    const long BytesInFlightMax = 64 * 1_024 * 1_024;

    const long BytesPerFact = 256;

    /// <summary>If a source takes longer than this for its next batch, the batches before are answered first.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(2);

    readonly Session _session;
    readonly Progress _progress;
    readonly ExportedTarget? _target;
    readonly ExportedBlobs _blobs = new();
    bool _hasAppendIds = true;
    long _newCells, _newBatches, _newFacts, _knownBatches, _differentBatches, _bytesInFlight;
    Position _last;
    bool _isUnheard;

    ImportRun(Session session, Progress progress, ExportedTarget? target) => (_session, _progress, _target) = (session, progress, target);

    public static Task<ImportSummary> RunAsync(Session session, IAsyncEnumerable<ImportBatch> batches, string reading, CancellationToken ct) =>
        RunAsync(session, batches, reading, target: null, ct);

    /// <summary>Imports an export of another ledger.</summary>
    public static Task<ImportSummary> RunExportedAsync(Session session, IAsyncEnumerable<ImportBatch> batches, string reading, CancellationToken ct) =>
        RunAsync(session, batches, reading, new ExportedTarget(), ct);

    static async Task<ImportSummary> RunAsync(Session session, IAsyncEnumerable<ImportBatch> batches, string reading, ExportedTarget? target, CancellationToken ct)
    {
        using var progress = new Progress(session.Host);
        return await new ImportRun(session, progress, target).RunAsync(batches, reading, ct);
    }

    async Task<ImportSummary> RunAsync(IAsyncEnumerable<ImportBatch> batches, string status, CancellationToken ct)
    {
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await using var source = batches.GetAsyncEnumerator(reading.Token);
        // No ledger is created for an empty source, or one that is refused in its first line.
        if (!await _progress.WaitAsync(source.MoveNextAsync().AsTask(), status)) return Summary();

        if (!_session.IsThere() && source.Current is ExportedBatch first) ExportedTarget.RefuseForEmpty(first);
        if (source.Current is ExportedPiece piece) ExportedBlobs.RefuseUnlessFirst(piece);
        await using var ledger = await _session.OpenAsync(source.Current is ExportedPiece ? null : source.Current.Request, ct);
        try
        {
            await using var appender = ledger.OpenAppender(new AppenderOptions { MaxInFlight = BatchesInFlightMax });
            await SendAllAsync(source, ledger, appender, reading, ct);
        }
        catch (FactstoneException) when (_newBatches + _knownBatches > 0)
        {
            // The error speaks of one append, such as "Nothing was written".
            var next = _hasAppendIds ? "The same import goes on after them." : "Their lines have no append ids (--append-id), so the same import would append them again: import the lines after them.";
            _session.Notice($"{_newBatches + _knownBatches:N0} batches are in the ledger, up to @{_last}. {next}");
            throw;
        }

        return Summary();
    }

    async Task SendAllAsync(IAsyncEnumerator<ImportBatch> source, Ledger ledger, Appender appender, CancellationTokenSource reading, CancellationToken ct)
    {
        CliException? refused = null;
        try
        {
            do
            {
                if (source.Current is not ExportedPiece) await _blobs.AbandonAsync();
                await SendAsync(source.Current, ledger, appender, ct);
            }
            while (await MoveNextAsync(source, appender, reading, ct));
            await _blobs.AbandonAsync();
        }
        catch (CliException failure)
        {
            refused = failure;
        }

        // The lines before a bad line are good: they are in the ledger before the bad line is reported.
        await appender.FlushAsync(ct);
        if (refused is null) return;
        if (_newBatches + _knownBatches > 0) _session.Notice($"{_newBatches + _knownBatches:N0} batches before it are in the ledger, up to @{_last}.");
        ExceptionDispatchInfo.Throw(refused);
    }

    /// <summary>Reads the next batch. While the source is silent, the batches before are answered, because their sender may wait for the answers.</summary>
    static async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<ImportBatch> source, Appender appender, CancellationTokenSource reading, CancellationToken ct)
    {
        var next = source.MoveNextAsync();
        if (next.IsCompleted) return await next;

        var task = next.AsTask();
        if (await Task.WhenAny(task, Task.Delay(Patience, CancellationToken.None)) == task) return await task;
        try
        {
            await appender.FlushAsync(ct);
        }
        catch
        {
            // The source cannot be abandoned in the middle of a read.
            await reading.CancelAsync();
            await task.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            throw;
        }
        return await task;
    }

    async Task SendAsync(ImportBatch batch, Ledger ledger, Appender appender, CancellationToken ct)
    {
        if (batch is ExportedPiece piece)
        {
            await _blobs.AddAsync(piece, ledger.Blobs, ct);
            _progress.Report(() => $"Importing: {_blobs.Count:N0} blobs, at {piece.At:N0} of {piece.Size:N0} bytes of {piece.Cid}");
            return;
        }

        if (batch is not ExportedCell) _hasAppendIds &= batch.Request.AppendId is not null;
        if (batch is ExportedCell cell && await ExportedTarget.HasAsync(cell, ledger, ct)) return;
        var bytes = Weight(batch.Request);
        if (_bytesInFlight + bytes > BytesInFlightMax) await appender.FlushAsync(ct);
        try
        {
            var request = _target is not null && batch is ExportedBatch facts ? await _target.LinkAsync(facts, ledger, () => appender.FlushAsync(ct), ct) : batch.Request;
            _bytesInFlight += bytes;
            await appender.SendAsync(request, outcome => Answered(batch, bytes, outcome), ct);
        }
        catch (ArgumentException wrong)
        {
            throw CliException.Refused($"{char.ToUpperInvariant(batch.Source[0])}{batch.Source[1..]}: {ErrorReport.Of(wrong).Message}", wrong);
        }
        _progress.Report(() => $"Importing: {_newBatches:N0} new batches with {_newFacts:N0} facts, {_knownBatches:N0} known, at {batch.Source}");
    }

    /// <summary>Called in the order of sending, during a send or a flush.</summary>
    void Answered(ImportBatch batch, long bytes, AppendOutcome outcome)
    {
        _bytesInFlight -= bytes;
        switch (outcome)
        {
            case AppendOutcome.Committed when batch is ExportedCell:
                _newCells++;
                break;
            case AppendOutcome.Committed { Receipt: var receipt }:
                _newBatches++;
                _newFacts += receipt.Count;
                if (batch is ExportedBatch facts) _target?.Received(facts, receipt);
                Say(OutcomeJson.Committed, receipt, batch);
                break;
            case AppendOutcome.Duplicate { Receipt: var receipt, Difference: var difference }:
                _knownBatches++;
                if (difference is not null) _differentBatches++;
                if (batch is ExportedBatch known) _target?.Received(known, receipt);
                Say(OutcomeJson.Duplicate, receipt, batch, difference);
                break;
        }
    }

    void Say(string outcome, AppendReceipt receipt, ImportBatch batch, string? difference = null)
    {
        if (receipt.LastPosition > _last) _last = receipt.LastPosition;
        if (!_session.IsJson || _isUnheard) return;
        try
        {
            _session.Output.WriteJson(json => OutcomeJson.WriteReceipt(json, outcome, receipt, batch.Request.AppendId, difference));
            _session.Output.Flush();
        }
        catch (OutputClosedException)
        {
            // The import continues even if its receipts are not read to the end.
            _isUnheard = true;
        }
    }

    static long Weight(AppendRequest request)
    {
        var bytes = 0L;
        foreach (var cell in request.Cells) bytes += BytesPerFact + cell.Value.Length;
        foreach (var fact in request.Facts) bytes += BytesPerFact + (3L * fact.Stream.Key.Length) + fact.Payload.Length;
        return bytes;
    }

    ImportSummary Summary() => new(_newBatches, _newFacts, _knownBatches, _differentBatches, _last, _progress.Elapsed) { NewCells = _newCells, NewBlobs = _blobs.Count };
}

/// <summary>The result of an import.</summary>
internal sealed record ImportSummary(long NewBatches, long NewFacts, long KnownBatches, long DifferentBatches, Position Last, TimeSpan Duration)
{
    public long NewCells { get; init; }

    public long NewBlobs { get; init; }

    /// <summary>One line; on standard error if standard output is for a program.</summary>
    public void WriteTo(Session session, string batches)
    {
        var speed = NewFacts > 0 && Duration > TimeSpan.Zero ? $", {NewFacts / Duration.TotalSeconds:N0} facts a second" : "";
        var line = $"{NewBatches:N0} new {batches} with {NewFacts:N0} facts, {KnownBatches:N0} known before{(DifferentBatches > 0 ? $" ({DifferentBatches:N0} of them with other content)" : "")}{(Last > Position.None ? $", up to @{Last}" : "")}{(NewCells > 0 ? $", {Counted.Text(NewCells, "new cell")}" : "")}{(NewBlobs > 0 ? $", {Counted.Text(NewBlobs, "new blob")}" : "")}; {Duration.TotalSeconds:0.0} s{speed}.";
        if (session.IsJson) session.Host.Error.WriteLine(line);
        else session.Output.WriteLine(line);
    }
}
