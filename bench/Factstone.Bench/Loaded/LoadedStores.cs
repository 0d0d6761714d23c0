namespace Factstone.Bench;

/// <summary>The same facts in a ledger and in SQLite. The stores are loaded once, closed, opened again and kept open.</summary>
internal sealed class LoadedStores(string directory, int count, int seed) : IAsyncDisposable
{
    LoadedLedger? _ledger;
    LoadedSqlite? _sqlite;
    ExpectedAnswers? _expected;
    DateTimeOffset[] _times = [];

    public LoadedFacts Facts { get; } = new(count, seed);

    public ExpectedAnswers Expected => _expected ??= new ExpectedAnswers(Facts);

    /// <summary>The time when each fact was recorded.</summary>
    public IReadOnlyList<DateTimeOffset> Times => _times;

    public string LedgerDirectory => Path.Combine(directory, "ledger");

    public string SqlitePath => Path.Combine(directory, "facts.db");

    public ILoadedStore Ledger => _ledger!;

    public ILoadedStore Sqlite => _sqlite!;

    /// <summary>Loads both stores, unless they are loaded.</summary>
    public async ValueTask LoadAsync()
    {
        if (_times.Length > 0) return;
        Directory.CreateDirectory(directory);
        BenchContext.Report($"loading {Facts.Count:N0} facts into the ledger");
        _times = await LoadedLedger.LoadAsync(LedgerDirectory, Facts);
        BenchContext.Report($"loading {Facts.Count:N0} facts into SQLite");
        LoadedSqlite.Load(SqlitePath, Facts, _times);
    }

    /// <summary>Loads and opens both stores, unless they are open.</summary>
    public async ValueTask OpenAsync()
    {
        await LoadAsync();
        _ledger ??= await LoadedLedger.OpenAsync(LedgerDirectory, Facts);
        _sqlite ??= LoadedSqlite.Open(SqlitePath, Facts);
    }

    public async ValueTask CloseAsync()
    {
        if (_ledger is not null) await _ledger.DisposeAsync();
        if (_sqlite is not null) await _sqlite.DisposeAsync();
        (_ledger, _sqlite) = (null, null);
    }

    public ValueTask DisposeAsync() => CloseAsync();
}
