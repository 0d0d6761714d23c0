namespace Factstone.Bench;

/// <summary>Reads of facts that were loaded. What is read is answered as <see cref="FactDigest"/>.</summary>
internal interface ILoadedStore : IAsyncDisposable
{
    /// <summary>The newest fact of a stream.</summary>
    ValueTask<long> ReadLatestAsync(int stream);

    /// <summary>All facts of a stream, in order.</summary>
    ValueTask<long> ReadStreamAsync(int stream);

    /// <summary>How many facts there are, by going through all of them.</summary>
    ValueTask<long> CountAsync();

    /// <summary>The sum of <see cref="TotalField"/> over all facts.</summary>
    ValueTask<long> SumAsync();

    /// <summary>The newest fact of a stream that was recorded by a time.</summary>
    ValueTask<long> ReadAsOfAsync(int stream, DateTimeOffset time);
}
