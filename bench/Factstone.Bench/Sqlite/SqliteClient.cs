using Microsoft.Data.Sqlite;

namespace Factstone.Bench;

/// <summary>SQLite as most .NET programs use it: through Microsoft.Data.Sqlite.</summary>
internal static class SqliteClient
{
    public static SqliteConnection Open(string path, string schema)
    {
        SQLitePCL.Batteries_V2.Init();
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        connection.Open();
        using var command = connection.Command(schema);
        command.ExecuteNonQuery();
        return connection;
    }

    public static SqliteCommand Prepared(this SqliteConnection connection, string sql, params string[] parameters)
    {
        var command = connection.Command(sql);
        foreach (var name in parameters) command.Parameters.Add(new SqliteParameter { ParameterName = name });
        command.Prepare();
        return command;
    }

    public static SqliteCommand Command(this SqliteConnection connection, string sql)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // The few texts are the bench's own.
        command.CommandText = sql;
#pragma warning restore CA2100
        return command;
    }
}
