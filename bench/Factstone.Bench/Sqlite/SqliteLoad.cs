namespace Factstone.Bench;

/// <summary>Loads facts in large transactions. The speed is not measured. After a dispose, all facts are in the one file.</summary>
internal sealed class SqliteLoad : IDisposable
{
    const int FactsPerTransaction = 50_000;

    readonly SqliteDatabase _database;
    readonly SqliteStatement _insert;
    int _added;

    /// <param name="path">The file.</param>
    /// <param name="indexes">Additional indexes.</param>
    public SqliteLoad(string path, string indexes = "")
    {
        _database = new SqliteDatabase(path, SqliteStore.Schema + indexes + "pragma synchronous = off; pragma cache_size = -524288;");
        _insert = _database.Prepare("insert into facts(stream, seq, type, recorded_at, payload) values(?1, ?2, 'changed', ?3, ?4)");
    }

    public void Add(ReadOnlySpan<byte> stream, long version, long recordedAt, ReadOnlySpan<byte> payload)
    {
        if (_added % FactsPerTransaction == 0) _database.Execute("begin");
        _insert.BindText(1, stream).Bind(2, version).Bind(3, recordedAt).BindBlob(4, payload).Run();
        if (++_added % FactsPerTransaction == 0) _database.Execute("commit");
    }

    public void Dispose()
    {
        if (_added % FactsPerTransaction != 0) _database.Execute("commit");
        _insert.Dispose();
        _database.Execute("pragma wal_checkpoint(truncate)");
        _database.Dispose();
    }
}
