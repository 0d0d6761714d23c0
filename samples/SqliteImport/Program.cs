// A table of SQLite becomes the first facts of a ledger.
//
//     dotnet run --project samples/SqliteImport [-- directory]
//
// Each row becomes a record with the valid time of the row. Table and key are the append id of a row,
// so a row is imported once: after a kill in the middle the program is simply run again. The appender
// sends rows without waiting for each, so about a thousand of them share one sync of the disk. The
// table is made by the first run. A second run imports nothing, and leaves alone what has changed in
// the ledger since.

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Factstone;
using Microsoft.Data.Sqlite;

var folder = args is [var directory] ? directory : "./factstone-data/sqlite-import";
Directory.CreateDirectory(folder);
using var shop = new SqliteConnection($"Data Source={Path.Combine(folder, "shop.db")};Pooling=False");
shop.Open();
CreateTable();

await using var ledger = await Ledger.OpenAsync(Path.Combine(folder, "ledger"), new LedgerOptions { Records = [Shop.Customers] });

// Import. The callback is told the outcome of each row, in the order of the rows.
var (imported, repeated) = (0, 0);
await using (var appender = ledger.OpenAppender())
{
    foreach (var row in ReadTable()) await appender.SendAsync(row.ToRequest(), Count);
    await appender.FlushAsync();                 // throws if a row was not appended, such as one that has changed since its import
}

Console.WriteLine($"done: {imported} rows imported, {repeated} were there");

// Check. Each row is found by its append id, and its fact has the values of the row.
var (equal, different) = (0, 0);
foreach (var row in ReadTable())
{
    var receipt = await ledger.FindAppendAsync(row.AppendId);
    var fact = receipt is null ? null : await ledger.ReadAtAsync(receipt.FirstPosition);
    if (row.Customer.Equals(fact?.Value) && fact.ValidFrom == row.UpdatedAt) equal++;
    else different++;
}

var totals = await ledger.GetTotalsAsync("customers");
Console.WriteLine($"checked: {equal} rows are in the ledger, {different} differ or are missing; {totals.Streams} customers");

// From here on the ledger is the source of truth. The next import does not undo this move.
await ledger.AppendAsync(new AppendRequest(Shop.Customers.NewValue("42", new Customer("Customer 42", "Lisbon")) with { ValidFrom = Time("2026-05-03T08:00:00Z") }) { AppendId = "move-of-42" });
await foreach (var (fact, customer) in ledger.Records(Shop.Customers).ReadHistoryAsync("42"))
    Console.WriteLine($"customer 42, version {fact.StreamVersion}: {customer?.Value.City} from {fact.ValidFrom:yyyy-MM-dd HH:mm} on");

void Count(AppendOutcome outcome)
{
    if (outcome is AppendOutcome.Committed) imported++;
    if (outcome is AppendOutcome.Duplicate) repeated++;
    if ((imported + repeated) % 10_000 == 0) Console.WriteLine($"{imported} rows imported, {repeated} were there");
}

void CreateTable()
{
    using var create = shop.CreateCommand();
    create.CommandText = """
        CREATE TABLE IF NOT EXISTS customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT, updated_at TEXT NOT NULL);
        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 50000)
        INSERT INTO customers
            SELECT n, 'Customer ' || n, CASE n % 4 WHEN 0 THEN 'Porto' WHEN 1 THEN 'Lyon' WHEN 2 THEN 'Graz' END,
                   strftime('%Y-%m-%dT%H:%M:%SZ', '2020-01-01', n || ' hours')
            FROM numbers WHERE NOT EXISTS (SELECT 1 FROM customers);
        """;
    create.ExecuteNonQuery();
}

IEnumerable<Row> ReadTable()
{
    using var select = shop.CreateCommand();
    select.CommandText = "SELECT id, name, city, updated_at FROM customers ORDER BY updated_at, id";
    using var rows = select.ExecuteReader();
    while (rows.Read())
        yield return new Row(rows.GetInt64(0), new Customer(rows.GetString(1), rows.IsDBNull(2) ? null : rows.GetString(2)), Time(rows.GetString(3)));
}

static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

internal sealed record Customer(string Name, string? City);

internal sealed record Row(long Id, Customer Customer, DateTimeOffset UpdatedAt)
{
    public string AppendId => $"shop:customers:{Id}";

    public AppendRequest ToRequest() => new(Shop.Customers.NewValue($"{Id}", Customer) with { ValidFrom = UpdatedAt }) { AppendId = AppendId };
}

internal static class Shop
{
    public static readonly RecordStore<Customer> Customers = new("customers", ShopJson.Default.Customer);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Customer))]
internal sealed partial class ShopJson : JsonSerializerContext;
