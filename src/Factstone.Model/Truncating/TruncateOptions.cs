namespace Factstone;

/// <summary>Options of a truncation.</summary>
public sealed record TruncateOptions
{
    /// <summary>Who asks for it, 1 to 256 bytes, for the receipt; null for nobody in particular.</summary>
    public string? By { get; init; }

    /// <summary>Facts that are appended together with the truncation, such as a snapshot that replaces what is dropped; up to 9,999.</summary>
    public IReadOnlyList<NewFact> Facts { get; init; } = [];

    /// <summary>Cells that are written together with the truncation, such as a snapshot that replaces what is dropped; up to 9,999.</summary>
    public IReadOnlyList<NewCell> Cells { get; init; } = [];

    /// <summary>Conditions that must hold for the truncation to happen; up to two fewer than an append can have.</summary>
    public IReadOnlyList<AppendCondition> Conditions { get; init; } = [];

    /// <summary>Whether nothing is written: the result says what would be dropped. A ledger that was opened for reading only can be asked, too.</summary>
    public bool DryRun { get; init; }
}
