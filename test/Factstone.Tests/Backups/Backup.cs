using Factstone.Storage;
using Factstone.Testing;
using Factstone.Tests.Damage;

namespace Factstone.Tests.Backups;

/// <summary>Backs up and restores on a file system of the tests.</summary>
internal static class Backup
{
    public const string Root = "backup";
    public const string Restored = "restored";

    public static readonly DateTimeOffset Now = SmallLedger.Begin + TimeSpan.FromHours(3);

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static BackupReport Make(IFileSystem files, string source = SmallLedger.Root, string target = Root, Action<long, long>? progress = null) =>
        LedgerBackup.Run(files, new LedgerLayout(source), files, new LedgerLayout(target), Options(1), progress, Cancellation);

    /// <summary>Restores. Another seed draws other salts, as two real restores do.</summary>
    public static RestoreReport Restore(IFileSystem files, string backup = Root, string target = Restored, int seed = 1, Action<long, long>? progress = null) =>
        LedgerRestore.Run(files, new LedgerLayout(backup), files, new LedgerLayout(target), Options(seed), progress, Cancellation);

    public static Ledger Open(IFileSystem files, string root)
    {
        var options = SmallLedger.Options(files, Now);
        return Ledger.Open(FileStorage.Open(files, root, options.ToStorageOptions(), Cancellation), options);
    }

    public static Ledger OpenReadOnly(IFileSystem files, string root)
    {
        var options = SmallLedger.Options(files, Now);
        return Ledger.Open(FileStorage.OpenReadOnly(files, root, options.ToStorageOptions()), options);
    }

    public static VerifyReport Verify(IFileSystem files, string root, bool deep = true) =>
        StorageEngine.Verify(files, root, new VerifyOptions { Deep = deep }, null, Cancellation);

    /// <summary>The leaf of every fact up to a position, Factstone's own facts included. Equal leaves prove equal facts.</summary>
    public static List<string> Leaves(Ledger ledger, Position until) =>
        [.. ledger.Storage.Read(new Position(1), until, backward: false).Select(fact => $"{fact.Position} {Convert.ToHexString(fact.Leaf())}")];

    /// <summary>Whether a directory opens, for reading or for writing.</summary>
    public static bool Opens(IFileSystem files, string root)
    {
        try
        {
            OpenReadOnly(files, root).Dispose();
            return true;
        }
        catch (FactstoneException)
        {
            return false;
        }
    }

    static StorageOptions Options(int seed) => new LedgerOptions
    {
        LockWait = TimeSpan.Zero,
        TimeProvider = new ManualTimeProvider(Now),
        Salts = new SeededSalts(new Random(seed)),
    }.ToStorageOptions();
}
