namespace Factstone.Cli.Bench;

/// <summary>Something that facts are appended to, durable when it answers.</summary>
internal interface IBenchStore : IAsyncDisposable
{
    /// <summary>Appends one fact; returns its version.</summary>
    ValueTask<long> AppendAsync(int stream, long? expectedVersion, byte[] payload);

    /// <summary>Appends facts to one stream, all or none; returns the version of the last.</summary>
    ValueTask<long> AppendAsync(int stream, byte[][] payloads);

    /// <summary>Appends facts, each to the stream of the same index, all or none; notes the version of each.</summary>
    ValueTask AppendAsync(int[] streams, byte[][] payloads, long[] versions);

    /// <summary>Starts an append; waits only while too many are in flight. Each is answered with its version, in the order of sending.</summary>
    ValueTask SendAsync(int stream, byte[] payload, Action<long> answered);

    /// <summary>Waits for all that was sent.</summary>
    ValueTask FlushAsync();

    /// <summary>The payloads of a stream, oldest first, with the version of each.</summary>
    IAsyncEnumerable<(long Version, ReadOnlyMemory<byte> Payload)> ReadAsync(int stream);
}

/// <summary>Makes stores of one kind.</summary>
/// <param name="Name">What is measured.</param>
/// <param name="KeepsFacts">Whether what was appended can be read back.</param>
/// <param name="OpenAsync">Opens the one in a directory, or makes it.</param>
internal sealed record BenchTarget(string Name, bool KeepsFacts, Func<string, Workload, ValueTask<IBenchStore>> OpenAsync);
