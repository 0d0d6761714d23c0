namespace Factstone;

/// <summary>An append whose id exists: a repeat, or another append with a used id. The two are compared as <see cref="RepeatPolicy"/> says.</summary>
internal static class RepeatedAppend
{
    public static AppendOutcome Answer(PreparedAppend append, AppendSpan span, IFactReading reading, CancellationToken cancellationToken = default)
    {
        var facts = Facts(span, reading, cancellationToken);
        var cells = Cells(append.AppendId!, span, reading, cancellationToken);
        var receipt = Receipt(span, facts, cells);
        var difference = Difference(append, span, facts, DroppedFilter.Of(reading, cancellationToken: cancellationToken)) ?? Difference(append, span, cells);
        return difference is null || append.OnRepeat == RepeatPolicy.SameId
            ? new AppendOutcome.Duplicate(receipt) { Difference = difference }
            : new AppendOutcome.AppendIdReused(append.AppendId!, receipt, difference);
    }

    /// <summary>The original receipt of a committed append, from the facts and cells that it wrote. It has no versions for facts and cells that were lost.</summary>
    public static AppendReceipt Receipt(string appendId, AppendSpan span, IFactReading reading, CancellationToken cancellationToken) =>
        Receipt(span, Facts(span, reading, cancellationToken), Cells(appendId, span, reading, cancellationToken));

    /// <summary>The cells of an append that has lost facts are in frames of their own.</summary>
    static IReadOnlyList<StoredCell> Cells(string appendId, AppendSpan span, IFactReading reading, CancellationToken cancellationToken) =>
        span.IsIncomplete ? [] : reading.ReadAppendCells(appendId, cancellationToken);

    static List<Fact> Facts(AppendSpan span, IFactReading reading, CancellationToken cancellationToken) =>
        span.Count == 0 ? [] : [.. reading.Read(span.First, span.Last, backward: false, cancellationToken)];

    static AppendReceipt Receipt(AppendSpan span, List<Fact> facts, IReadOnlyList<StoredCell> cells)
    {
        var versions = new List<StreamAndVersion>();
        var locations = new Dictionary<StreamName, int>();
        foreach (var fact in facts)
        {
            if (locations.TryGetValue(fact.Stream, out var location)) versions[location] = new StreamAndVersion(fact.Stream, fact.StreamVersion);
            else
            {
                locations.Add(fact.Stream, versions.Count);
                versions.Add(new StreamAndVersion(fact.Stream, fact.StreamVersion));
            }
        }

        return new AppendReceipt
        {
            FirstPosition = span.First,
            LastPosition = span.Last,
            RecordedAt = facts.Count > 0 ? facts[0].RecordedAt : Microseconds.ToTime(cells.Count > 0 ? cells[0].RecordedAt : span.RecordedAt),
            Versions = versions,
            CellVersions = cells.Count == 0 ? [] : [.. cells.Select(cell => new CellAndVersion(cell.Cell, cell.Version))],
        };
    }

    /// <summary>The first field that differs from the facts that remain; null if there is none. What was dropped is not compared, so that nobody can find out what it was.</summary>
    static string? Difference(PreparedAppend append, AppendSpan span, List<Fact> facts, DroppedFilter? dropped)
    {
        if (append.Facts.Length != span.Count) return "facts.count";
        Span<byte> buffer = stackalloc byte[FactLimits.HeaderBytesMax];
        foreach (var fact in facts)
        {
            if (dropped?.IsDropped(fact) == true) continue;
            var i = (int)(fact.Position.Value - span.First.Value);
            ref readonly var prepared = ref append.Facts[i];
            HeaderView.TryRead(fact.Header.Span, out var stored);
            if (stored.FirstDifference(View(append, prepared, buffer)) is { } field) return $"facts[{i}].{Name(field)}";
            if (!IsSamePayload(fact.Payload.Span, append.Payload(prepared), prepared.IsJson)) return $"facts[{i}].payload";
        }

        return null;
    }

    /// <summary>Most repeats are exact, so the bytes are compared first.</summary>
    static bool IsSamePayload(ReadOnlySpan<byte> stored, ReadOnlySpan<byte> given, bool isJson) =>
        stored.SequenceEqual(given) || (isJson && CanonicalJson.AreEqual(stored, given));

    static string? Difference(PreparedAppend append, AppendSpan span, IReadOnlyList<StoredCell> cells)
    {
        if (span.IsIncomplete) return null;
        if (append.Cells.Length != cells.Count) return "cells.count";
        for (var i = 0; i < cells.Count; i++)
        {
            ref readonly var prepared = ref append.Cells[i];
            if (prepared.Cell != cells[i].Cell) return $"cells[{i}].cell";
            if (prepared.IsDelete != cells[i].IsDelete) return $"cells[{i}].isDelete";
            if (!append.Value(prepared).SequenceEqual(cells[i].Value.Span)) return $"cells[{i}].value";
        }

        return null;
    }

    /// <summary>The property of <see cref="NewFact"/> that a header field has its value from.</summary>
    static string Name(HeaderField field) => field switch
    {
        HeaderField.Store or HeaderField.Key => "stream",
        HeaderField.Type => "type",
        HeaderField.Tags => "tags",
        HeaderField.ValidFrom => "validFrom",
        HeaderField.ValidTo => "validTo",
        HeaderField.SchemaVersion => "schemaVersion",
        HeaderField.Retracts => "retracts",
        HeaderField.ContentType => "contentType",
        _ => throw new InvariantException("two headers are compared only in the fields of a fact's content"),
    };

    /// <summary>The header as a reader would see it, with placeholders for the fields that only the writer knows.</summary>
    static HeaderView View(PreparedAppend append, in PreparedFact fact, Span<byte> buffer)
    {
        var header = new HeaderWriter(buffer);
        header.Start();
        header.Integer(HeaderField.Position, 1);
        header.Integer(HeaderField.StreamVersion, 1);
        header.Time(HeaderField.RecordedAt, 0);
        header.Raw(append.Header(fact));
        Invariant.Holds(HeaderView.TryRead(buffer[..header.Length], out var view));
        return view;
    }
}
