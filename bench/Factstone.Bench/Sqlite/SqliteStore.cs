using Factstone.Cli.Bench;
using Microsoft.Data.Sqlite;

namespace Factstone.Bench;

/// <summary>SQLite as a careful user would configure it for the same work: one table with a unique (stream, seq) and an index by time, WAL, a sync on each commit, prepared statements.</summary>
internal sealed class SqliteStore : IBenchStore
{
    public const string Schema = """
        pragma journal_mode = wal;
        pragma synchronous = full;
        pragma cache_size = -65536;
        create table if not exists facts(
            position integer primary key,
            stream text not null,
            seq integer not null,
            type text not null,
            recorded_at integer not null,
            payload blob not null,
            unique(stream, seq));
        create index if not exists facts_by_time on facts(recorded_at);
        """;

    static readonly string[] Streams = [.. Enumerable.Range(0, ZipfStreams.Count).Select(i => $"orders/{i}")];

    const long NotLookedUp = -1;

    readonly long[] _lastVersions = [.. Enumerable.Repeat(NotLookedUp, ZipfStreams.Count)];
    readonly SqliteConnection _connection;
    readonly SqliteCommand _begin;
    readonly SqliteCommand _commit;
    readonly SqliteCommand _lastVersion;
    readonly SqliteCommand _insert;
    readonly GroupWriter<Queued>? _writer;
    readonly InFlight _inFlight;

    SqliteStore(string path, Workload workload)
    {
        _connection = SqliteClient.Open(path, Schema);
        _begin = _connection.Prepared("begin immediate");
        _commit = _connection.Prepared("commit");
        _lastVersion = _connection.Prepared("select max(seq) from facts where stream = $stream", "$stream");
        _insert = _connection.Prepared("insert into facts(stream, seq, type, recorded_at, payload) values($stream, $seq, 'changed', $recorded_at, $payload)", "$stream", "$seq", "$recorded_at", "$payload");
        _inFlight = new InFlight(workload.InFlight);
        if (workload.IsShared) _writer = new GroupWriter<Queued>(Write);
    }

    public static BenchTarget Target { get; } = new(
        "SQLite",
        KeepsFacts: true,
        (directory, workload) => ValueTask.FromResult<IBenchStore>(new SqliteStore(Path.Combine(directory, "facts.db"), workload)));

    /// <summary>SQLite's version and settings, as SQLite reports them.</summary>
    public static string Describe(string directory)
    {
        var path = Path.Combine(directory, "settings.db");
        using (var connection = SqliteClient.Open(path, Schema))
        {
            string[] settings = ["journal_mode", "synchronous", "page_size", "cache_size", "wal_autocheckpoint", "locking_mode"];
            var values = settings.Select(name => $"{name}={Scalar(connection, $"pragma {name}")}");
            return $"SQLite {Scalar(connection, "select sqlite_version()")} through Microsoft.Data.Sqlite.Core {typeof(SqliteConnection).Assembly.GetName().Version?.ToString(3)}: {string.Join(", ", values)} (synchronous 2 is FULL)";
        }
    }

    public ValueTask<long> AppendAsync(int stream, long? expectedVersion, byte[] payload)
    {
        if (_writer is not null) return new ValueTask<long>(Queue(stream, payload));
        _begin.ExecuteNonQuery();
        var version = LastVersion(stream);
        if (expectedVersion is { } expected && expected != version) throw new InvalidOperationException($"Stream {stream} is at version {version}, not {expected}.");
        Insert(stream, ++version, payload);
        _commit.ExecuteNonQuery();
        return ValueTask.FromResult(version);
    }

    public ValueTask<long> AppendAsync(int stream, byte[][] payloads)
    {
        _begin.ExecuteNonQuery();
        var version = LastVersion(stream);
        foreach (var payload in payloads) Insert(stream, ++version, payload);
        _commit.ExecuteNonQuery();
        return ValueTask.FromResult(version);
    }

    public ValueTask AppendAsync(int[] streams, byte[][] payloads, long[] versions)
    {
        _begin.ExecuteNonQuery();
        for (var i = 0; i < streams.Length; i++)
        {
            // One lookup for each stream of the transaction, not for each fact.
            ref var last = ref _lastVersions[streams[i]];
            if (last == NotLookedUp) last = LastVersion(streams[i]);
            Insert(streams[i], versions[i] = ++last, payloads[i]);
        }

        _commit.ExecuteNonQuery();
        foreach (var stream in streams) _lastVersions[stream] = NotLookedUp;
        return ValueTask.CompletedTask;
    }

    public ValueTask SendAsync(int stream, byte[] payload, Action<long> answered) => _inFlight.SendAsync(Queue(stream, payload), answered);

    public ValueTask FlushAsync() => _inFlight.FlushAsync();

    public async IAsyncEnumerable<(long Version, ReadOnlyMemory<byte> Payload)> ReadAsync(int stream)
    {
        using var select = _connection.Prepared("select seq, payload from facts where stream = $stream order by seq", "$stream");
        select.Parameters[0].Value = Streams[stream];
        await using var reader = await select.ExecuteReaderAsync();
        while (await reader.ReadAsync()) yield return (reader.GetInt64(0), (byte[])reader[1]);
    }

    public async ValueTask DisposeAsync()
    {
        _writer?.Dispose();
        foreach (var command in new[] { _begin, _commit, _lastVersion, _insert }) await command.DisposeAsync();
        await _connection.DisposeAsync();
    }

    static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.Command(sql);
        return command.ExecuteScalar();
    }

    long LastVersion(int stream)
    {
        _lastVersion.Parameters[0].Value = Streams[stream];
        return _lastVersion.ExecuteScalar() is long last ? last : 0;
    }

    void Insert(int stream, long version, byte[] payload)
    {
        var parameters = _insert.Parameters;
        parameters[0].Value = Streams[stream];
        parameters[1].Value = version;
        parameters[2].Value = TimeProvider.System.GetUtcNow().Ticks / TimeSpan.TicksPerMicrosecond;
        parameters[3].Value = payload;
        _insert.ExecuteNonQuery();
    }

    Task<long> Queue(int stream, byte[] payload)
    {
        var queued = new Queued(stream, payload);
        _writer!.Add(queued);
        return queued.Task;
    }

    void Write(List<Queued> group)
    {
        _begin.ExecuteNonQuery();
        foreach (var queued in group) Insert(queued.Stream, queued.Version = LastVersion(queued.Stream) + 1, queued.Payload);
        _commit.ExecuteNonQuery();
        foreach (var queued in group) queued.SetResult(queued.Version);
    }

    sealed class Queued(int stream, byte[] payload) : TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public int Stream => stream;

        public byte[] Payload => payload;

        public long Version { get; set; }
    }
}
