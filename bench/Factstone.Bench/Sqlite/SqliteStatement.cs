namespace Factstone.Bench;

/// <summary>A prepared statement. Parameters count from 1, columns from 0.</summary>
internal sealed unsafe class SqliteStatement(nint handle, SqliteDatabase database) : IDisposable
{
    public SqliteStatement Bind(int parameter, long value)
    {
        Check(SqliteApi.BindInt64(handle, parameter, value));
        return this;
    }

    /// <summary>Binds text in UTF-8; the bytes are copied.</summary>
    public SqliteStatement BindText(int parameter, ReadOnlySpan<byte> text)
    {
        fixed (byte* bytes = text) Check(SqliteApi.BindText(handle, parameter, bytes, text.Length, SqliteApi.Transient));
        return this;
    }

    /// <summary>Binds bytes; they are copied.</summary>
    public SqliteStatement BindBlob(int parameter, ReadOnlySpan<byte> blob)
    {
        fixed (byte* bytes = blob) Check(SqliteApi.BindBlob(handle, parameter, bytes, blob.Length, SqliteApi.Transient));
        return this;
    }

    /// <summary>Moves to the next row; false if there is none.</summary>
    public bool Step() => SqliteApi.Step(handle) switch
    {
        SqliteApi.Row => true,
        SqliteApi.Done => false,
        _ => throw database.Failure("step"),
    };

    /// <summary>Moves to the next row in a scan of cached data. Nothing may wait for the disk or for a lock meanwhile.</summary>
    public bool StepOverCached() => SqliteApi.StepOverCached(handle) switch
    {
        SqliteApi.Row => true,
        SqliteApi.Done => false,
        _ => throw database.Failure("step"),
    };

    /// <summary>Resets the statement for its next use. Parameters keep their values.</summary>
    public void Reset() => Check(SqliteApi.Reset(handle));

    /// <summary>Runs the statement to its end.</summary>
    public void Run()
    {
        while (Step()) { }
        Reset();
    }

    /// <summary>Runs the statement to its end, unless a constraint forbids it. Then nothing was changed.</summary>
    public bool TryRun()
    {
        var result = SqliteApi.Step(handle);
        if (result is not (SqliteApi.Done or SqliteApi.Constraint)) throw database.Failure("step");
        _ = SqliteApi.Reset(handle); // says the same once more
        return result == SqliteApi.Done;
    }

    public long Int64(int column) => SqliteApi.ColumnInt64(handle, column);

    /// <summary>Valid until the next step or reset.</summary>
    public ReadOnlySpan<byte> Blob(int column)
    {
        var bytes = SqliteApi.ColumnBlob(handle, column);
        return new ReadOnlySpan<byte>(bytes, SqliteApi.ColumnBytes(handle, column));
    }

    public void Dispose() => _ = SqliteApi.Finalize(handle);

    void Check(int result)
    {
        if (result != 0) throw database.Failure("bind or reset");
    }
}
