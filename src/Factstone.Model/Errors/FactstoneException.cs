namespace Factstone;

/// <summary>The world failed: the disk, the bytes on it, another process. Says what, where and what to do.</summary>
public abstract class FactstoneException : Exception
{
    private protected FactstoneException(string message, Exception? inner = null) : base(message, inner) { }

    /// <summary>Whether the same call can succeed later without anybody opening the ledger anew or repairing it.</summary>
    public virtual bool IsTransient => false;
}

/// <summary>The disk or quota is full. Nothing was written; reads go on, and appends work again once there is room.</summary>
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

/// <summary>The operating system refused a file operation for another reason than a full disk.</summary>
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

    /// <summary>What was tried: open, read, write, sync, rename, …</summary>
    public string Operation { get; }

    /// <summary>Whether the process has as many files open as it may.</summary>
    internal bool IsOutOfDescriptors { get; init; }

    /// <summary>Whether a file is not there any more that was there when the ledger was opened.</summary>
    internal bool IsGone { get; init; }
}
