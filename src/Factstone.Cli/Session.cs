using System.Text.Json;
using Factstone.Cli.Output;
using Factstone.Storage;

namespace Factstone.Cli;

/// <summary>One run of a command: which ledger, and how it is answered.</summary>
internal sealed class Session(CliHost host, string directory, bool isJson, TimeSpan lockWait)
{
    public CliHost Host { get; } = host;

    /// <summary>The ledger's directory.</summary>
    public string Directory { get; } = directory;

    /// <summary>Whether the answer is for a program.</summary>
    public bool IsJson { get; } = isJson;

    public StandardOutput Output => Host.Output;

    /// <summary>Opens the ledger for reading, beside a writer if there is one. Never makes anything.</summary>
    public async ValueTask<Ledger> OpenReadOnlyAsync(CancellationToken ct)
    {
        using var progress = new Progress(Host);
        var ledger = await Ledger.OpenReadOnlyAsync(Directory, Options(progress), ct);
        await NoticeRecoveryAsync(ledger, ct);
        return ledger;
    }

    /// <summary>What lies behind the published end is not shown, and nobody should take the answer for all there is.</summary>
    async ValueTask NoticeRecoveryAsync(Ledger ledger, CancellationToken ct)
    {
        if (!ledger.Opening.HasRecoverableAppends || ledger.Opening.Damage.Count > 0) return;
        var head = await ledger.GetHeadAsync(ct);
        Notice($"The last writer did not close the ledger. This shows it up to @{head}. {Recoverable.Text(ledger.Opening.RecoverableFacts, head)} will be kept by the next open for writing, and are shown from then on. 'factstone verify' says more.");
    }

    /// <summary>Opens the ledger for appending, and makes it where there is none.</summary>
    /// <param name="first">What is going to be appended first. No ledger is made for what it would refuse.</param>
    /// <param name="ct">Ends the wait for another writer.</param>
    public async ValueTask<Ledger> OpenAsync(AppendRequest first, CancellationToken ct)
    {
        if (!IsThere()) await CheckAsync(first, ct);
        return await OpenExistingAsync(ct);
    }

    /// <summary>Opens the ledger for appending to what it holds; refuses to make one.</summary>
    public async ValueTask<Ledger> OpenForRetractionAsync(CancellationToken ct)
    {
        // A read-only opener says best why there is none.
        if (!IsThere()) await (await OpenReadOnlyAsync(ct)).DisposeAsync();
        return await OpenExistingAsync(ct);
    }

    public void WriteFact(Fact fact)
    {
        if (IsJson) Output.WriteJson(json => FactJson.Write(json, fact));
        else Output.WriteLine(FactText.Line(fact, Host.Width));
    }

    /// <summary>Says something on standard error that is no error.</summary>
    public void Notice(string text) => Host.Error.WriteLine(IsJson ? $"{{\"notice\":{JsonSerializer.Serialize(text, NoticeJson.Default.String)}}}" : $"note: {TextFit.Clean(text)}");

    /// <summary>Damage that a read did not meet is not its failure, but nobody should hear of it by accident.</summary>
    public void NoticeDamage(Ledger ledger)
    {
        if (ledger.Damage is [var first, ..]) Notice($"The ledger is damaged, though not where this was read: {first}{(ledger.Damage.Count > 1 ? $" And {ledger.Damage.Count - 1:N0} more." : "")} 'factstone verify' lists all damage.");
    }

    /// <summary>Opens the ledger for writing, where it is known that there is one.</summary>
    public async ValueTask<Ledger> OpenExistingAsync(CancellationToken ct)
    {
        using var progress = new Progress(Host);
        return await Ledger.OpenAsync(Directory, Options(progress), ct);
    }

    /// <summary>Repairs the ledger, or says what would be done.</summary>
    public ValueTask<RepairReport> RepairAsync(bool isDryRun, Action<RepairProgress> progress, CancellationToken ct) =>
        Ledger.RepairAsync(Directory, new RepairOptions { DryRun = isDryRun, LockWait = lockWait, LockWaiting = NoticeLock }, progress, ct);

    /// <summary>Copies the ledger into a backup, beside a writer if there is one.</summary>
    public ValueTask<BackupReport> BackupAsync(string directory, Action<BackupProgress> progress, CancellationToken ct) =>
        Ledger.BackupAsync(Directory, directory, new BackupOptions(), progress, ct);

    /// <summary>Makes the ledger of a backup.</summary>
    public ValueTask<RestoreReport> RestoreAsync(string backup, Action<BackupProgress> progress, CancellationToken ct) =>
        Ledger.RestoreAsync(backup, Directory, new BackupOptions(), progress, ct);

    void NoticeLock(string holder) => Notice($"Waiting for the ledger, which is open for writing by {(holder.Length == 0 ? "another process" : holder)}.");

    LedgerOptions Options(Progress progress) => new()
    {
        LockWait = lockWait,
        LockWaiting = NoticeLock,
        Notice = notice => Notice(notice.Text),
        OpeningProgress = (done, all) => progress.Report(() => $"Opening the ledger: {Share(done, all)}"),
    };

    /// <summary>Whether there is a ledger, or something in its place.</summary>
    public bool IsThere()
    {
        var layout = new LedgerLayout(Directory);
        return File.Exists(Directory) || File.Exists(layout.Manifest) || File.Exists(layout.Head) || System.IO.Directory.Exists(layout.Segments);
    }

    /// <summary>A ledger in memory refuses what one on disk would.</summary>
    static async ValueTask CheckAsync(AppendRequest request, CancellationToken ct)
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: ct);
        await ledger.TryAppendAsync(request, ct);
    }

    static string Share(long done, long all) => all > 0 ? $"{100 * done / all} %" : $"{done:N0} bytes";
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string))]
internal sealed partial class NoticeJson : System.Text.Json.Serialization.JsonSerializerContext;
