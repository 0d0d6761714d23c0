namespace Factstone;

/// <summary>Tells a read which facts are dropped, and reports each truncated stream that it meets.</summary>
/// <remarks>It keeps the answers for a bounded number of streams, so that a read of many facts looks each stream up once. Threads: one.</remarks>
internal sealed class DroppedFilter
{
    const int StreamsMax = 4_096;

    readonly IFactReading _reading;
    readonly Action<DroppedFacts>? _report;
    readonly CancellationToken _cancellationToken;
    readonly Dictionary<StreamName, StreamVersion> _through = [];
    readonly HashSet<StreamName> _reported = [];
    Position _lastTruncation;
    StreamName _stream;
    StreamVersion _throughOfStream;

    DroppedFilter(IFactReading reading, Position lastTruncation, Action<DroppedFacts>? report, CancellationToken cancellationToken) =>
        (_reading, _lastTruncation, _report, _cancellationToken) = (reading, lastTruncation, report, cancellationToken);

    /// <summary>The filter of a read that begins now; null if no stream was ever truncated.</summary>
    /// <param name="reading">The facts.</param>
    /// <param name="report">Called with what is passed over; null for nothing.</param>
    /// <param name="cancellationToken">Ends a lookup.</param>
    public static DroppedFilter? Of(IFactReading reading, Action<DroppedFacts>? report = null, CancellationToken cancellationToken = default) =>
        reading.LastTruncation is { Value: > 0 } last ? new DroppedFilter(reading, last, report, cancellationToken) : null;

    /// <summary>The same for a fold, which stops where it would need a dropped fact.</summary>
    public static DroppedFilter? OfFold(IFactReading reading, string what, CancellationToken cancellationToken) =>
        Of(reading, dropped => throw new HistoryDroppedException(what, dropped), cancellationToken);

    /// <summary>Looks for truncations since the last call. For a read without end.</summary>
    public void Renew()
    {
        _lastTruncation = _reading.LastTruncation;
        _through.Clear();
        _stream = default;
    }

    public bool IsDropped(Fact fact) => IsDropped(fact.Stream, fact.StreamVersion, fact.Position);

    /// <summary>The name of the stream may be allocated, so it is asked for last.</summary>
    public bool IsDropped(in FactView fact) => fact.Position <= _lastTruncation && IsDropped(fact.Stream, fact.StreamVersion, fact.Position);

    /// <summary>The version through which a stream is dropped; none if it was never truncated.</summary>
    public StreamVersion Through(StreamName stream)
    {
        if (stream == _stream) return _throughOfStream;
        if (!_through.TryGetValue(stream, out var through))
        {
            through = _reading.FindTruncated(stream, _cancellationToken)?.Through ?? StreamVersion.None;
            if (_through.Count >= StreamsMax) _through.Clear();
            _through[stream] = through;
        }

        (_stream, _throughOfStream) = (stream, through);
        return through;
    }

    /// <summary>Reports that the read passes over the dropped facts of a stream, unless it was reported before.</summary>
    public void Report(StreamName stream)
    {
        if (_report is null || _reported.Contains(stream)) return;
        if (DroppedBy(_reading, stream, _cancellationToken) is { } dropped) _report(dropped);

        // Only now: a report that throws stops the read, and must do so again if the read is continued.
        if (_reported.Count >= StreamsMax) _reported.Clear();
        _reported.Add(stream);
    }

    /// <summary>What is dropped of a stream, with the receipt; null if it was never truncated.</summary>
    public static DroppedFacts? DroppedBy(IFactReading reading, StreamName stream, CancellationToken cancellationToken) =>
        reading.FindTruncated(stream, cancellationToken) is { } truncated
            ? new DroppedFacts(stream, truncated.Through, truncated.LastPosition, ReceiptOf(truncated, reading, cancellationToken))
            : null;

    bool IsDropped(StreamName stream, StreamVersion version, Position position)
    {
        if (position > _lastTruncation || version > Through(stream)) return false;
        Report(stream);
        return true;
    }

    /// <summary>The receipt is the first fact of the append that wrote the cell, and each append has a time of its own.</summary>
    static Position ReceiptOf(Truncated truncated, IFactReading reading, CancellationToken cancellationToken)
    {
        try
        {
            return reading.PositionAt(truncated.RecordedAt - 1, cancellationToken).Next();
        }
        catch (LedgerDamagedException)
        {
            return Position.None;
        }
    }
}
