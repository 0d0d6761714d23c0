namespace Factstone.Cli;

/// <summary>What the process says to its caller. The numbers are a promise: docs/cli.md lists them.</summary>
internal static class ExitCodes
{
    /// <summary>Done; a repeat that added nothing is done, too.</summary>
    public const int Done = 0;

    /// <summary>The world failed: no ledger, locked, full, unknown, a newer format, cancelled.</summary>
    public const int Failed = 1;

    /// <summary>Wrong usage, or input that the ledger does not take.</summary>
    public const int Refused = 2;

    /// <summary>A condition did not hold, a rule refused, or an append id belongs to something else.</summary>
    public const int Conflict = 3;

    /// <summary>What was to be read or retracted is not there.</summary>
    public const int NotFound = 4;

    /// <summary>Damage to durable bytes was met.</summary>
    public const int Damaged = 5;

    /// <summary>Of verify: the last writer did not close the ledger, and the next open for writing has work to finish. Nothing is lost.</summary>
    public const int NeedsRecovery = 6;
}
