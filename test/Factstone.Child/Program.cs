using System.Globalization;
using Factstone;
using Factstone.Child;
using Factstone.Storage;

// A program to be stopped, killed and cut off from its power. What it prints has happened: each line is written at once.
//   append DIR [--segment BYTES] [--callers N] [--pause MS] [--no-sync] [--lock-wait MS] [--no-directory-lock]
//     locked HOLDER                           somebody else has it open; the program ends
//     open HEAD                               the ledger is open, with this last position
//     ack FIRST LAST SESSION CALLER NUMBER .  an append is acknowledged
//     full CALLER                             an append was refused because the disk is full; the caller goes on
//     stopped CALLER WHY                      an append failed otherwise; the caller ends
//   segments DIR COUNT                        see ManySegments
//   webhooks DIR FILE                         see Webhooks
//   backup DIR BACKUP, or restore BACKUP DIR
//     copied NUMBER                           so many pieces are copied; it waits a moment behind each
//     done POSITION                           the position of the backup
if (args is ["segments", var many, var count]) return await ManySegments.RunAsync(many, int.Parse(count, CultureInfo.InvariantCulture));
if (args is ["webhooks", var received, var deliveries]) return await Webhooks.RunAsync(received, deliveries);
if (args is ["backup" or "restore", var from, var to])
{
    var pieces = 0;
    void Copied(BackupProgress progress)
    {
        Console.WriteLine($"copied {++pieces}");
        Thread.Sleep(10);
    }

    var position = args[0] == "backup"
        ? (await Ledger.BackupAsync(from, to, progress: Copied)).Position
        : (await Ledger.RestoreAsync(from, to, progress: Copied)).LastCommonPosition;
    Console.WriteLine($"done {position}");
    return 0;
}

if (args is not ["append", var directory, .. var rest])
{
    Console.Error.WriteLine("usage: append DIR [--segment BYTES] [--callers N] [--pause MS] [--no-sync] [--lock-wait MS] [--no-directory-lock], webhooks DIR FILE, backup DIR BACKUP, or restore BACKUP DIR");
    return 2;
}

var options = new LedgerOptions
{
    SegmentSizeBytes = Number("--segment", 64 * 1_024),
    LockWait = TimeSpan.FromMilliseconds(Number("--lock-wait", 30_000)),
    FileSystem = new DiskFileSystem(
        rest.Contains("--no-sync") ? DiskSyncs.None : DiskSyncs.All,
        rest.Contains("--no-directory-lock") ? DiskFeatures.OpenPaths : DiskFeatures.All),
};
var pause = Number("--pause", 0);
try
{
    await using var ledger = await Ledger.OpenAsync(directory, options);
    var session = (await ledger.GetHeadAsync()).Value;
    Console.WriteLine($"open {session}");
    await Task.WhenAll(Enumerable.Range(0, Number("--callers", 8)).Select(caller => Task.Run(() => CallAsync(ledger, session, caller))));
}
catch (LedgerLockedException locked)
{
    Console.WriteLine($"locked {locked.Holder}");
}

return 0;

async Task CallAsync(Ledger ledger, long session, int caller)
{
    for (var number = 0L; ; number++)
    {
        var load = new Load(session, caller, number);
        try
        {
            Console.WriteLine(load.Acknowledged(await ledger.AppendAsync(load.Request())));
            if (pause > 0) await Task.Delay(pause);
        }
        catch (LedgerFullException)
        {
            Console.WriteLine($"full {caller}");
            await Task.Delay(20);
        }
        catch (FactstoneException stopped)
        {
            Console.WriteLine($"stopped {caller} {stopped.Message}");
            return;
        }
    }
}

int Number(string name, int otherwise)
{
    var at = Array.IndexOf(rest, name);
    return at < 0 ? otherwise : int.Parse(rest[at + 1], CultureInfo.InvariantCulture);
}
