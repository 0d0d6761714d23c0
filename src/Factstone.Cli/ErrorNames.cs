namespace Factstone.Cli;

/// <summary>The values of <c>error</c> in the JSON of an error; docs/cli.md lists them beside their exit codes.</summary>
internal static class ErrorNames
{
    public const string AppendIdReused = "append-id-reused";
    public const string Backup = "backup";
    public const string Cancelled = "cancelled";
    public const string Conflict = "conflict";
    public const string Damaged = "damaged";
    public const string Failed = "failed";
    public const string Forked = "forked";
    public const string Full = "full";
    public const string Git = "git";
    public const string Locked = "locked";
    public const string NewerFormat = "newer-format";
    public const string NoLedger = "no-ledger";
    public const string NotEmpty = "not-empty";
    public const string NotFound = "not-found";
    public const string Refused = "refused";
    public const string Rejected = "rejected";
    public const string Unfinished = "unfinished";
    public const string Unknown = "unknown";
    public const string Usage = "usage";
}
