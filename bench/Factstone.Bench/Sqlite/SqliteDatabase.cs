using System.Runtime.InteropServices;

namespace Factstone.Bench;

/// <summary>A connection, for one thread at a time.</summary>
internal sealed unsafe class SqliteDatabase : IDisposable
{
    nint _handle;

    /// <param name="path">The file. It is created if it does not exist.</param>
    /// <param name="schema">Settings and tables.</param>
    public SqliteDatabase(string path, string schema)
    {
        Check(SqliteApi.Open(path, out _handle, SqliteApi.OpenFlags, 0), path);
        Execute(schema);
    }

    public void Execute(string sql) => Check(SqliteApi.Execute(_handle, sql, 0, 0, 0), sql);

    public SqliteStatement Prepare(string sql)
    {
        Check(SqliteApi.Prepare(_handle, sql, -1, SqliteApi.Persistent, out var statement, 0), sql);
        return new SqliteStatement(statement, this);
    }

    /// <summary>An exception with SQLite's own message.</summary>
    public InvalidOperationException Failure(string what) => new($"{what}: {Marshal.PtrToStringUTF8((nint)SqliteApi.ErrorMessage(_handle))}");

    public void Dispose()
    {
        if (_handle != 0) _ = SqliteApi.Close(_handle);
        _handle = 0;
    }

    void Check(int result, string what)
    {
        if (result != 0) throw Failure(what);
    }
}
