using Factstone.Cli.Bench;
using Microsoft.Data.Sqlite;

namespace Factstone.Bench;

/// <summary>SQLite through Microsoft.Data.Sqlite, as in W1 to W4, with one writer thread. Queued appends are decided in turn in one transaction, and answered after its commit. It supports expected versions only.</summary>
internal sealed class SqliteClientGroupStore : GroupedStore
{
    const int ConstraintFailed = 19; // SQLITE_CONSTRAINT, https://www.sqlite.org/rescode.html

    static readonly string[] Streams = [.. Enumerable.Range(0, ZipfStreams.Count).Select(i => $"orders/{i}")];

    readonly SqliteConnection _connection;
    readonly SqliteCommand _begin;
    readonly SqliteCommand _commit;
    readonly SqliteCommand _lastVersion;
    readonly SqliteCommand _insert;
    readonly bool _looksUpFirst;
    long _last;

    /// <param name="path">The file.</param>
    /// <param name="looksUpFirst">Whether an expected version is compared before the insert. Otherwise the unique index decides.</param>
    public SqliteClientGroupStore(string path, bool looksUpFirst)
    {
        _looksUpFirst = looksUpFirst;
        _connection = SqliteClient.Open(path, SqliteStore.Schema);
        _begin = _connection.Prepared("begin immediate");
        _commit = _connection.Prepared("commit");
        _lastVersion = _connection.Prepared("select max(seq) from facts where stream = $stream", "$stream");
        _insert = _connection.Prepared("insert into facts(position, stream, seq, type, recorded_at, payload) values($position, $stream, $seq, 'changed', $recorded_at, $payload)", "$position", "$stream", "$seq", "$recorded_at", "$payload");
    }

    protected override void Close()
    {
        foreach (var command in new[] { _begin, _commit, _lastVersion, _insert }) command.Dispose();
        _connection.Dispose();
    }

    protected override void Begin() => _begin.ExecuteNonQuery();

    protected override void Commit() => _commit.ExecuteNonQuery();

    protected override ConditionalAnswer Decide(ConditionalAppend append)
    {
        var expected = append.ExpectedVersion ?? throw new InvalidOperationException("An expected version is needed.");
        if (_looksUpFirst && LastVersion(append) is var version && version != expected) return new ConditionalAnswer(false, version, 0);
        return TryInsert(append, expected + 1)
            ? new ConditionalAnswer(true, expected + 1, ++_last)
            : new ConditionalAnswer(false, LastVersion(append), 0);
    }

    long LastVersion(ConditionalAppend append)
    {
        _lastVersion.Parameters[0].Value = Streams[append.Stream];
        return _lastVersion.ExecuteScalar() is long last ? last : 0;
    }

    bool TryInsert(ConditionalAppend append, long version)
    {
        var parameters = _insert.Parameters;
        parameters[0].Value = _last + 1;
        parameters[1].Value = Streams[append.Stream];
        parameters[2].Value = version;
        parameters[3].Value = TimeProvider.System.GetUtcNow().Ticks / TimeSpan.TicksPerMicrosecond;
        parameters[4].Value = append.Payload;
        try
        {
            _insert.ExecuteNonQuery();
            return true;
        }
        catch (SqliteException rejected) when (rejected.SqliteErrorCode == ConstraintFailed)
        {
            return false;
        }
    }
}
