namespace Factstone;

/// <summary>A background worker that an unforeseen exception has stopped. The ledger continues without it until it is opened again.</summary>
/// <remarks>No durable bytes are affected. So it is not a <see cref="Damage"/>, and appends are not refused because of it.</remarks>
/// <param name="Worker"><c>index</c>, which writes and merges index files, or <c>preallocation</c>, which preallocates space for the log.</param>
/// <param name="Message">The message of the exception.</param>
/// <param name="Exception">The exception; null if the worker belongs to another process.</param>
public sealed record WorkerFailure(string Worker, string Message, Exception? Exception)
{
    /// <summary>The worker that writes and merges index files.</summary>
    internal const string Index = "index";

    /// <summary>The worker that preallocates space for the log.</summary>
    internal const string Preallocation = "preallocation";

    /// <summary>Which worker stopped, why, and what that means, as sentences.</summary>
    public override string ToString() => $"The {Worker} worker has stopped: {Message.TrimEnd('.')}. {Consequence}";

    string Consequence => Worker switch
    {
        Index => "New facts stay in memory instead of being written to index files; at twice the usual bound, appends are refused. Nothing is lost. To start the worker again, open the ledger again.",
        Preallocation => "The writer reserves space itself, so appends take a little longer. Nothing is lost. To start the worker again, open the ledger again.",
        _ => "To start it again, open the ledger again.",
    };
}
