namespace Factstone;

/// <summary>Another owner has taken over the consumer, or the consumer was deleted; nothing was written.</summary>
public sealed class ConsumerOvertakenException : AppendFailedException
{
    internal ConsumerOvertakenException(string consumer, CellVersion written, CellVersion actual)
        : base($"Consumer '{consumer}' was taken over by another owner, or deleted: its checkpoint is at version {actual}, and this owner wrote version {written}. Nothing was written. A consumer has one owner at a time: stop this one, because the other continues from the checkpoint.") =>
        Consumer = consumer;

    /// <summary>The name of the consumer.</summary>
    public string Consumer { get; }
}

/// <summary>The consumer cannot continue from its checkpoint: its query is another one, or the checkpoint cannot be used. The message says which, and what to do. Nothing was written.</summary>
public sealed class ConsumerRefusedException : FactstoneException
{
    internal ConsumerRefusedException(string consumer, string why, Exception? inner = null)
        : base($"Consumer '{consumer}' cannot continue from its checkpoint: {why}", inner) => Consumer = consumer;

    /// <summary>The name of the consumer.</summary>
    public string Consumer { get; }
}
