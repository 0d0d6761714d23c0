namespace Factstone;

/// <summary>Checks conditions on cells: prepared on the caller's thread, decided by the writer at the exact head.</summary>
internal static class CellConditionCheck
{
    /// <summary>Reads the present value of a cell and compares it with the one that a condition requires. Does nothing if the digest of the value is known.</summary>
    public static PreparedValue Prepare(AppendCondition condition, IFactReading reading, CancellationToken cancellationToken)
    {
        if (condition.Kind != AppendConditionKind.CellEquals) return default;
        var state = reading.StateOf(condition.Cell, cancellationToken);
        return state.HasValue && !state.Digest.IsKnown ? Compare(condition, reading, cancellationToken) : default;
    }

    public static bool Holds(AppendCondition condition, CellState state, PreparedValue[] values, int index, IFactReading reading) => condition.Kind switch
    {
        AppendConditionKind.CellAt => state.HasValue && state.Version == condition.CellVersion,
        AppendConditionKind.CellAbsent => !state.HasValue,
        _ => state.HasValue && IsEqual(condition, state, values, index, reading),
    };

    static bool IsEqual(AppendCondition condition, CellState state, PreparedValue[] values, int index, IFactReading reading)
    {
        // A value that was written since the open has a digest, so the writer reads nothing.
        if (state.Digest.IsKnown) return state.Digest == condition.Digest;
        if (values.Length > 0 && values[index].CellVersion == state.Version) return values[index].IsEqual;

        // This append itself started the recovery, on a disk that was too full before. The value could not be read earlier.
        return Compare(condition, reading, CancellationToken.None).IsEqual;
    }

    static PreparedValue Compare(AppendCondition condition, IFactReading reading, CancellationToken cancellationToken) => reading.ReadCell(condition.Cell, cancellationToken) is { } cell
        ? new PreparedValue(default, cell.Value.Span.SequenceEqual(condition.Value.Span), cell.Version)
        : default;
}
