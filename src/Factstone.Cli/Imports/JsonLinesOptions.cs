namespace Factstone.Cli.Imports;

/// <summary>The use of each field of a line. Fields are names at the top level of the line's object.</summary>
internal sealed record JsonLinesOptions
{
    public required string Store { get; init; }

    public required string KeyField { get; init; }

    /// <summary>The field of the type; null for facts without a type.</summary>
    public string? TypeField { get; init; }

    /// <summary>The fields of the value, in this order; empty if the whole line is the value.</summary>
    public IReadOnlyList<string> ValueFields { get; init; } = [];

    public string? ValidFromField { get; init; }

    public TimeUnit TimeUnit { get; init; } = TimeUnit.Seconds;

    public IReadOnlyList<string> TagFields { get; init; } = [];

    public string? AppendIdField { get; init; }

    public string AppendIdPrefix { get; init; } = "";

    public RepeatPolicy OnRepeat { get; init; }

    /// <summary>The field of the batch; null if each line is an append of its own.</summary>
    public string? BatchByField { get; init; }

    /// <summary>A line whose field has this value retracts its record.</summary>
    public (string Field, string Value)? Retract { get; init; }
}

/// <summary>The unit of a number that is read as a time, since 1970 UTC.</summary>
internal enum TimeUnit
{
    Seconds = 1,
    Milliseconds = 2,
    Microseconds = 3,
}
