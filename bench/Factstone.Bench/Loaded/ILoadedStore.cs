namespace Factstone.Bench;

/// <summary>Reads of the loaded facts. A read of facts returns their <see cref="FactDigest"/>.</summary>
internal interface ILoadedStore : IAsyncDisposable
{
    /// <summary>The newest fact of a stream.</summary>
    ValueTask<long> ReadLatestAsync(int stream);

    /// <summary>All facts of a stream, in order.</summary>
    ValueTask<long> ReadStreamAsync(int stream);

    /// <summary>The number of facts, counted by a scan of all of them.</summary>
    ValueTask<long> CountAsync();

    /// <summary>The sum of <see cref="TotalField"/> over all facts.</summary>
    ValueTask<long> SumAsync();

    /// <summary>The newest fact of a stream that was recorded at or before a time.</summary>
    ValueTask<long> ReadAsOfAsync(int stream, DateTimeOffset time);
}
