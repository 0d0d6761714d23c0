namespace Factstone.Cli.Bench;

/// <summary>A store to append facts to. An append is durable when it is answered.</summary>
internal interface IBenchStore : IAsyncDisposable
{
    /// <summary>Appends one fact; returns its version.</summary>
    ValueTask<long> AppendAsync(int stream, long? expectedVersion, byte[] payload);

    /// <summary>Appends facts to one stream, all or none; returns the version of the last.</summary>
    ValueTask<long> AppendAsync(int stream, byte[][] payloads);

    /// <summary>Appends facts, each to the stream with the same index, all or none; stores the version of each.</summary>
    ValueTask AppendAsync(int[] streams, byte[][] payloads, long[] versions);

    /// <summary>Starts an append; waits only while too many are in flight. Each append is answered with its version, in the order of sending.</summary>
    ValueTask SendAsync(int stream, byte[] payload, Action<long> answered);

    /// <summary>Waits for everything that was sent.</summary>
    ValueTask FlushAsync();

    /// <summary>The payloads of a stream, oldest first, with the version of each.</summary>
    IAsyncEnumerable<(long Version, ReadOnlyMemory<byte> Payload)> ReadAsync(int stream);
}

/// <summary>Opens stores of one kind.</summary>
/// <param name="Name">What is measured.</param>
/// <param name="KeepsFacts">Whether what was appended can be read back.</param>
/// <param name="OpenAsync">Opens the store in a directory, or creates it.</param>
internal sealed record BenchTarget(string Name, bool KeepsFacts, Func<string, Workload, ValueTask<IBenchStore>> OpenAsync);
