namespace Factstone.Cli;

/// <summary>The exit codes of the process. The numbers never change: docs/cli.md lists them.</summary>
internal static class ExitCodes
{
    /// <summary>Done; also a repeat that added nothing.</summary>
    public const int Done = 0;

    /// <summary>An error outside of the program: no ledger, locked, full, unknown outcome, a newer format, cancelled.</summary>
    public const int Failed = 1;

    /// <summary>Wrong usage, or input that the ledger does not accept.</summary>
    public const int Refused = 2;

    /// <summary>A condition did not hold, a rule refused, or an append id belongs to something else.</summary>
    public const int Conflict = 3;

    /// <summary>What was to be read or retracted does not exist.</summary>
    public const int NotFound = 4;

    /// <summary>Durable bytes are damaged.</summary>
    public const int Damaged = 5;

    /// <summary>Only verify: the last writer did not close the ledger, and the next open for writing recovers it. Nothing is lost.</summary>
    public const int NeedsRecovery = 6;
}
