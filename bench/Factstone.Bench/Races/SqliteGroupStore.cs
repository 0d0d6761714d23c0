using System.Text;
using Factstone.Cli.Bench;

namespace Factstone.Bench;

/// <summary>SQLite through its own functions, with one writer thread. Queued appends are decided in turn in one transaction, and answered after its commit.</summary>
internal sealed class SqliteGroupStore : GroupedStore
{
    static readonly byte[][] Streams = [.. Enumerable.Range(0, ZipfStreams.Count).Select(i => Encoding.UTF8.GetBytes($"orders/{i}"))];

    /// <summary>The tags of facts, for finding facts that have two tags.</summary>
    const string Tags = "create table if not exists tags(tag text not null, position integer not null, primary key(tag, position)) without rowid;";

    readonly SqliteDatabase _database;
    readonly SqliteStatement _begin;
    readonly SqliteStatement _commit;
    readonly SqliteStatement _lastVersion;
    readonly SqliteStatement _insert;
    readonly SqliteStatement _insertTag;
    readonly SqliteStatement _match;
    readonly bool _looksUpFirst;
    long _last;

    /// <param name="path">The file.</param>
    /// <param name="looksUpFirst">Whether an expected version is compared before the insert, so that a failing append is rejected early. Otherwise the unique index decides.</param>
    public SqliteGroupStore(string path, bool looksUpFirst)
    {
        _looksUpFirst = looksUpFirst;
        _database = new SqliteDatabase(path, SqliteStore.Schema + Tags);
        _begin = _database.Prepare("begin immediate");
        _commit = _database.Prepare("commit");
        _lastVersion = _database.Prepare("select max(seq) from facts where stream = ?1");
        _insert = _database.Prepare("insert into facts(position, stream, seq, type, recorded_at, payload) values(?1, ?2, ?3, 'changed', ?4, ?5)");
        _insertTag = _database.Prepare("insert into tags(tag, position) values(?1, ?2)");
        _match = _database.Prepare("select 1 from tags a join tags b on b.tag = ?2 and b.position = a.position where a.tag = ?1 and a.position > ?3 limit 1");
    }

    protected override void Close()
    {
        foreach (var statement in new[] { _begin, _commit, _lastVersion, _insert, _insertTag, _match }) statement.Dispose();
        _database.Dispose();
    }

    protected override void Begin() => _begin.Run();

    protected override void Commit() => _commit.Run();

    protected override ConditionalAnswer Decide(ConditionalAppend append)
    {
        if (!_looksUpFirst && append is { ExpectedVersion: { } before, Tags: [] })
        {
            if (Insert(append, before + 1).TryRun()) return new ConditionalAnswer(true, before + 1, ++_last);
            return new ConditionalAnswer(false, LastVersion(append), 0);
        }

        var version = LastVersion(append);
        if (append.ExpectedVersion is { } expected && expected != version) return new ConditionalAnswer(false, version, 0);
        if (append.Tags is [var one, var other])
        {
            var matches = _match.BindText(1, one.Utf8).BindText(2, other.Utf8).Bind(3, append.After).Step();
            _match.Reset();
            if (matches) return new ConditionalAnswer(false, version, 0);
        }

        Insert(append, version + 1).Run();
        var position = ++_last;
        foreach (var tag in append.Tags) _insertTag.BindText(1, tag.Utf8).Bind(2, position).Run();
        return new ConditionalAnswer(true, version + 1, position);
    }

    long LastVersion(ConditionalAppend append)
    {
        _lastVersion.BindText(1, Streams[append.Stream]).Step();
        var version = _lastVersion.Int64(0);
        _lastVersion.Reset();
        return version;
    }

    /// <summary>Binds an insert at the next position. The caller runs it.</summary>
    SqliteStatement Insert(ConditionalAppend append, long version) =>
        _insert.Bind(1, _last + 1).BindText(2, Streams[append.Stream]).Bind(3, version)
            .Bind(4, TimeProvider.System.GetUtcNow().Ticks / TimeSpan.TicksPerMicrosecond).BindBlob(5, append.Payload);
}
