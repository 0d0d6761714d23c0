namespace Factstone;

/// <summary>A background worker that an unforeseen exception has stopped. The ledger goes on without it until it is opened again.</summary>
/// <remarks>No durable bytes are concerned, so this is no <see cref="Damage"/>, and appends are not refused for it.</remarks>
/// <param name="Worker"><c>index</c>, which writes and merges the files of the index, or <c>preallocation</c>, which preallocates space for the log.</param>
/// <param name="Message">What the exception said.</param>
/// <param name="Exception">The exception; null where the worker is another process's.</param>
public sealed record WorkerFailure(string Worker, string Message, Exception? Exception)
{
    /// <summary>The worker that writes and merges the files of the index.</summary>
    internal const string Index = "index";

    /// <summary>The worker that preallocates space for the log.</summary>
    internal const string Preallocation = "preallocation";

    /// <summary>Which worker stopped, why, and what that means, as sentences.</summary>
    public override string ToString() => $"The {Worker} worker has stopped: {Message.TrimEnd('.')}. {Consequence}";

    string Consequence => Worker switch
    {
        Index => "New facts are not put into files of the index any more; when twice as many are in memory as there may be, appends are refused. Nothing is lost. Opening the ledger again starts the worker again.",
        Preallocation => "The writer reserves space itself, so appends take a little longer. Nothing is lost. Opening the ledger again starts the worker again.",
        _ => "Opening the ledger again starts it again.",
    };
}
