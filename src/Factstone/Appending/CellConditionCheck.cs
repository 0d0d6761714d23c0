namespace Factstone;

/// <summary>Whether conditions on cells hold: prepared on the caller's thread, decided by the writer at the exact head.</summary>
internal static class CellConditionCheck
{
    /// <summary>Reads and compares the value that a condition asks for, as it is now; nothing where its digest is known.</summary>
    public static PreparedValue Prepare(AppendCondition condition, IFactReading reading)
    {
        if (condition.Kind != AppendConditionKind.CellEquals) return default;
        var state = reading.StateOf(condition.Cell);
        return state.HasValue && !state.Digest.IsKnown ? Compare(condition, reading) : default;
    }

    public static bool Holds(AppendCondition condition, CellState state, PreparedValue[] values, int index, IFactReading reading) => condition.Kind switch
    {
        AppendConditionKind.CellAt => state.HasValue && state.Version == condition.CellVersion,
        AppendConditionKind.CellAbsent => !state.HasValue,
        _ => state.HasValue && IsEqual(condition, state, values, index, reading),
    };

    static bool IsEqual(AppendCondition condition, CellState state, PreparedValue[] values, int index, IFactReading reading)
    {
        // What was written since the open has a digest, so the writer reads nothing.
        if (state.Digest.IsKnown) return state.Digest == condition.Digest;
        if (values.Length > 0 && values[index].CellVersion == state.Version) return values[index].IsEqual;

        // Recovered by this very append, on a disk that was too full for it before: it could not be read any earlier.
        return Compare(condition, reading).IsEqual;
    }

    static PreparedValue Compare(AppendCondition condition, IFactReading reading) => reading.ReadCell(condition.Cell) is { } cell
        ? new PreparedValue(default, cell.Value.Span.SequenceEqual(condition.Value.Span), cell.Version)
        : default;
}
