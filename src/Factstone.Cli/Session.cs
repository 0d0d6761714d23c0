using System.Text.Json;
using Factstone.Cli.Output;
using Factstone.Storage;

namespace Factstone.Cli;

/// <summary>One run of a command: its ledger, and the form of its answer.</summary>
internal sealed class Session(CliHost host, string directory, bool isJson, TimeSpan lockWait)
{
    public CliHost Host { get; } = host;

    /// <summary>The ledger's directory.</summary>
    public string Directory { get; } = directory;

    /// <summary>Whether the answer is for a program.</summary>
    public bool IsJson { get; } = isJson;

    public StandardOutput Output => Host.Output;

    /// <summary>Opens the ledger for reading, beside a writer if there is one. Never creates anything.</summary>
    public async ValueTask<Ledger> OpenReadOnlyAsync(CancellationToken ct)
    {
        using var progress = new Progress(Host);
        var ledger = await Ledger.OpenReadOnlyAsync(Directory, Options(progress), ct);
        await NoticeRecoveryAsync(ledger, ct);
        return ledger;
    }

    /// <summary>Reports that appends after the published end are not shown.</summary>
    async ValueTask NoticeRecoveryAsync(Ledger ledger, CancellationToken ct)
    {
        if (!ledger.Opening.HasRecoverableAppends || ledger.Opening.Damage.Count > 0) return;
        var head = await ledger.GetHeadAsync(ct);
        Notice($"The last writer did not close the ledger, so it is shown up to @{head}. {Recoverable.Text(ledger.Opening.RecoverableFacts, head)} will be kept by the next open for writing, and shown from then on. 'factstone verify' says more.");
    }

    /// <summary>Opens the ledger for appending, and creates it if it does not exist.</summary>
    /// <param name="first">The first append. If it would be refused, no ledger is created. Null for none.</param>
    /// <param name="ct">Ends the wait for another writer.</param>
    public async ValueTask<Ledger> OpenAsync(AppendRequest? first, CancellationToken ct)
    {
        if (first is not null && !IsThere()) await CheckAsync(first, ct);
        return await OpenExistingAsync(ct);
    }

    /// <summary>Opens the existing ledger for appending; refuses to create one.</summary>
    public async ValueTask<Ledger> OpenForRetractionAsync(CancellationToken ct)
    {
        // A read-only opener has the best message for a missing ledger.
        if (!IsThere()) await (await OpenReadOnlyAsync(ct)).DisposeAsync();
        return await OpenExistingAsync(ct);
    }

    public void WriteFact(Fact fact)
    {
        if (IsJson) Output.WriteJson(json => FactJson.Write(json, fact));
        else Output.WriteLine(FactText.Line(fact, Host.Width));
    }

    /// <summary>Prints information on standard error that is not an error.</summary>
    public void Notice(string text) => Host.Error.WriteLine(IsJson ? $"{{\"notice\":{JsonSerializer.Serialize(text, NoticeJson.Default.String)}}}" : $"note: {TextFit.Clean(text)}");

    /// <summary>Damage that a read did not meet does not fail the command, but is reported.</summary>
    public void NoticeDamage(Ledger ledger)
    {
        if (ledger.Damage is [var first, ..]) Notice($"The ledger is damaged, but not in the part that was read: {first}{(ledger.Damage.Count > 1 ? $" And {ledger.Damage.Count - 1:N0} more." : "")} 'factstone verify' lists all damage.");
    }

    /// <summary>Opens the ledger for writing, and creates it if it does not exist.</summary>
    public async ValueTask<Ledger> OpenExistingAsync(CancellationToken ct)
    {
        using var progress = new Progress(Host);
        return await Ledger.OpenAsync(Directory, Options(progress), ct);
    }

    /// <summary>Opens the blobs of the ledger for reading, whatever state the ledger is in.</summary>
    public ValueTask<BlobStore> OpenBlobsReadOnlyAsync(CancellationToken ct) => Ledger.OpenBlobsAsync(Directory, readOnly: true, ct);

    /// <summary>Opens the blobs of the ledger for puts, beside a writer if there is one; creates a ledger if none exists.</summary>
    public async ValueTask<BlobStore> OpenBlobsAsync(CancellationToken ct)
    {
        if (!IsThere()) await (await OpenExistingAsync(ct)).DisposeAsync();
        return await Ledger.OpenBlobsAsync(Directory, readOnly: false, ct);
    }

    /// <summary>Repairs the ledger, or reports what would be done.</summary>
    public ValueTask<RepairReport> RepairAsync(bool isDryRun, Action<RepairProgress> progress, CancellationToken ct) =>
        Ledger.RepairAsync(Directory, new RepairOptions { DryRun = isDryRun, LockWait = lockWait, LockWaiting = NoticeLock }, progress, ct);

    /// <summary>Copies the ledger into a backup, beside a writer if there is one.</summary>
    public ValueTask<BackupReport> BackupAsync(string directory, Action<BackupProgress> progress, CancellationToken ct) =>
        Ledger.BackupAsync(Directory, directory, new BackupOptions(), progress, ct);

    /// <summary>Creates the ledger from a backup.</summary>
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

    /// <summary>A ledger in memory refuses what one on disk would refuse.</summary>
    static async ValueTask CheckAsync(AppendRequest request, CancellationToken ct)
    {
        await using var ledger = await Ledger.OpenInMemoryAsync(cancellationToken: ct);
        await ledger.TryAppendAsync(request, ct);
    }

    static string Share(long done, long all) => all > 0 ? $"{100 * done / all} %" : $"{done:N0} bytes";
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string))]
internal sealed partial class NoticeJson : System.Text.Json.Serialization.JsonSerializerContext;
