namespace Factstone;

/// <summary>An error outside of the program: the disk, the bytes on it, another process. The message says what happened, where, and what to do.</summary>
public abstract class FactstoneException : Exception
{
    private protected FactstoneException(string message, Exception? inner = null) : base(message, inner) { }

    /// <summary>Whether the same call can succeed later without a reopen or a repair of the ledger.</summary>
    public virtual bool IsTransient => false;
}

/// <summary>The disk or quota is full. Nothing was written; reads continue, and appends work again once there is space.</summary>
public sealed class LedgerFullException : FactstoneException
{
    internal LedgerFullException(string path, string operation, Exception? inner = null)
        : base($"No space left on the disk: {operation} of '{path}' was refused. Nothing was written. Free some space and append again; no reopen is needed.", inner) =>
        Path = path;

    /// <summary>The file that could not grow.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public override bool IsTransient => true;
}

/// <summary>The operating system refused a file operation for a reason other than a full disk.</summary>
public sealed class LedgerIOException : FactstoneException
{
    internal LedgerIOException(string path, string operation, string reason, Exception? inner = null)
        : base($"{operation} of '{path}' failed: {reason}.", inner)
    {
        Path = path;
        Operation = operation;
    }

    /// <summary>The file or directory.</summary>
    public string Path { get; }

    /// <summary>The operation that failed: open, read, write, sync, rename, …</summary>
    public string Operation { get; }

    /// <summary>Whether the process has reached its limit of open files.</summary>
    internal bool IsOutOfDescriptors { get; init; }

    /// <summary>Whether a file is missing that existed when the ledger was opened.</summary>
    internal bool IsGone { get; init; }
}
