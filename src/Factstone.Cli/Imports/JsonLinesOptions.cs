namespace Factstone.Cli.Imports;

/// <summary>Which field of a line becomes what. Fields are names at the top level of the line's object.</summary>
internal sealed record JsonLinesOptions
{
    public required string Store { get; init; }

    public required string KeyField { get; init; }

    /// <summary>Null: the facts have no type.</summary>
    public string? TypeField { get; init; }

    /// <summary>The fields that make up the value, in this order; empty: the whole line is the value.</summary>
    public IReadOnlyList<string> ValueFields { get; init; } = [];

    public string? ValidFromField { get; init; }

    public TimeUnit TimeUnit { get; init; } = TimeUnit.Seconds;

    public IReadOnlyList<string> TagFields { get; init; } = [];

    public string? AppendIdField { get; init; }

    public string AppendIdPrefix { get; init; } = "";

    /// <summary>Null: each line is an append of its own.</summary>
    public string? BatchByField { get; init; }

    /// <summary>A line whose field has this value says that its record has no value any more.</summary>
    public (string Field, string Value)? Retract { get; init; }
}

/// <summary>What a number stands for where a time is asked for, since 1970 UTC.</summary>
internal enum TimeUnit
{
    Seconds = 1,
    Milliseconds = 2,
    Microseconds = 3,
}
