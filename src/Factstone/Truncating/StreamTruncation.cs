namespace Factstone;

/// <summary>A truncation: it reads what would be dropped, and appends the receipt together with the cell that takes effect.</summary>
internal sealed class StreamTruncation(ILedger ledger, IFactReading reading, StreamName stream, StreamVersion? through, string reason, TruncateOptions options, KeptProjections? projections)
{
    const int ReasonBytesMax = 1_024;
    const int ByBytesMax = 256;

    // What the public method calls its parameters.
    static string Stream => "stream";
    static string Through => "through";
    static string Options => "options";

    /// <exception cref="ArgumentException">The stream, the reason or an option cannot be used.</exception>
    public void Check()
    {
        if (NameCheck.ForReading(stream) is { } wrong) throw new ArgumentException($"{wrong} Nothing was dropped.", nameof(stream));
        if (NameCheck.IsOwn(stream.Store)) throw new ArgumentException($"The store '{stream.Store}' belongs to Factstone, and its facts are kept. Nothing was dropped.", nameof(stream));
        if (through < new StreamVersion(1)) throw new ArgumentOutOfRangeException(nameof(through), through, "Versions start at 1. Nothing was dropped.");
        if (string.IsNullOrWhiteSpace(reason)) throw new ArgumentException("A truncation needs a reason, which its receipt keeps. Nothing was dropped.", nameof(reason));
        if (NameCheck.Text("The reason", reason, 1, ReasonBytesMax) is { } wrongReason) throw new ArgumentException(wrongReason, nameof(reason));
        if (options.By is { } by && NameCheck.Text("By", by, 1, ByBytesMax) is { } wrongBy) throw new ArgumentException(wrongBy, nameof(options));
        if (options.Facts is null || options.Cells is null || options.Conditions is null) throw new ArgumentException("Facts, Cells and Conditions may be empty, but not null.", nameof(options));
        CheckRoom("facts", options.Facts.Count, FactLimits.FactsPerAppendMax - 1);
        CheckRoom("cells", options.Cells.Count, FactLimits.CellsPerAppendMax - 1);
        CheckRoom("conditions", options.Conditions.Count, FactLimits.ConditionsPerAppendMax - 2);
    }

    public async ValueTask<TruncationReceipt> RunAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var before = reading.FindTruncated(stream, cancellationToken);
            var planned = Plan(before, out var last, cancellationToken);
            if (options.DryRun) return planned;
            if (before is { } earlier && planned.Through <= earlier.Through) return await AppendOnlyAsync(planned, cancellationToken).ConfigureAwait(false);

            if (projections is not null) await projections.CoverAsync(stream, planned.LastPosition, cancellationToken).ConfigureAwait(false);

            // The plan holds as long as nobody else truncates the stream. A delete also drops what is appended until its turn comes.
            var name = TruncationCell.NameOf(stream);
            var isPlanned = before is { IsCellLost: false } known ? AppendCondition.CellAt(name.Bucket, name.Name, known.CellVersion) : AppendCondition.CellAbsent(name.Bucket, name.Name);
            var isLast = AppendCondition.StreamAt(stream, last);
            var outcome = await ledger.TryAppendAsync(
                new AppendRequest
                {
                    Facts = [TruncationReceiptJson.ToFact(planned), .. options.Facts],
                    Cells = [TruncationCell.ToCell(stream, planned.Through, planned.LastPosition), .. options.Cells],
                    Conditions = planned.IsDelete ? [isPlanned, isLast, .. options.Conditions] : [isPlanned, .. options.Conditions],
                },
                cancellationToken).ConfigureAwait(false);
            if (outcome is AppendOutcome.Conflict conflict && (conflict.Condition == isPlanned || conflict.Condition == isLast))
            {
                if (attempt < TooManyConflictsException.AttemptsMax) continue;
                throw new TooManyConflictsException($"stream {stream}", attempt);
            }

            var receipt = outcome.EnsureCommittedOrDuplicate();
            return planned with { Position = receipt.FirstPosition, Append = receipt };
        }
    }

    /// <summary>What would be dropped now.</summary>
    TruncationReceipt Plan(Truncated? before, out StreamVersion last, CancellationToken cancellationToken)
    {
        var head = reading.Head.Position;
        last = reading.StateAt(stream, head, cancellationToken).Version;
        if (last == StreamVersion.None) throw new ArgumentException($"There is no stream {stream}. Nothing was dropped.", Stream);
        if (through > last) throw new ArgumentOutOfRangeException(Through, $"Version {through} of {stream} does not exist: its last version is {last}. Nothing was dropped.");

        var first = (before?.Through ?? StreamVersion.None).Next();
        var end = through ?? last;
        var extent = first <= end ? reading.ExtentOf(stream, first, end, cancellationToken) : default;
        return new TruncationReceipt
        {
            Stream = stream,
            FirstVersion = first,
            Through = end,
            Facts = extent.Facts,
            FirstPosition = extent.First,
            LastPosition = extent.Last > Position.None ? extent.Last : before?.LastPosition ?? Position.None,
            IsDelete = through is null,
            Reason = reason,
            By = options.By,
            Head = head,
            Position = Position.None,
        };
    }

    /// <summary>Everything was dropped before, so there is nothing to write but what the caller adds.</summary>
    async ValueTask<TruncationReceipt> AppendOnlyAsync(TruncationReceipt planned, CancellationToken cancellationToken)
    {
        var earlier = DroppedFilter.DroppedBy(reading, stream, cancellationToken)!;
        planned = planned with { Position = earlier.Receipt };
        if (options.Facts.Count == 0 && options.Cells.Count == 0) return planned;
        var outcome = await ledger.TryAppendAsync(new AppendRequest { Facts = options.Facts, Cells = options.Cells, Conditions = options.Conditions }, cancellationToken).ConfigureAwait(false);
        return planned with { Append = outcome.EnsureCommittedOrDuplicate() };
    }

    static void CheckRoom(string what, int count, int max)
    {
        if (count > max) throw new ArgumentException($"The truncation has {count:N0} {what}; at most {max:N0} are possible beside its own.", Options);
    }
}
