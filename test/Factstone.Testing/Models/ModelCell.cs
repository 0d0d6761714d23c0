namespace Factstone.Testing;

/// <summary>A write of a cell of a <see cref="ModelLedger"/>.</summary>
/// <param name="Proposed">What was written.</param>
/// <param name="Version">The version of the cell after it, from 1.</param>
/// <param name="RecordedAtMicroseconds">When it was recorded, in microseconds since 1970.</param>
/// <param name="Append">The index of the append that wrote it.</param>
public sealed record ModelCell(NewCell Proposed, CellVersion Version, long RecordedAtMicroseconds, int Append)
{
    /// <summary>Null if a ledger's cell equals this one in every field; otherwise the field that differs.</summary>
    public string? Difference(Cell? actual)
    {
        if (actual is null) return $"no cell where {Proposed.Cell} v{Version} should be";
        var isSame = actual.Bucket == Proposed.Cell.Bucket && actual.Name == Proposed.Cell.Name && actual.Version == Version
            && (actual.RecordedAt - DateTimeOffset.UnixEpoch).Ticks == RecordedAtMicroseconds * 10 && actual.Value.Span.SequenceEqual(Proposed.Value.Span);
        return isSame ? null : $"{actual} of {actual.Value.Length} bytes instead of {Proposed.Cell} v{Version} of {Proposed.Value.Length}";
    }
}
