using System.Text.Json;

namespace Factstone.Cli.Tests;

public sealed class BackupCommandTests : IDisposable
{
    readonly TempDirectory _directory = new();
    readonly Cli _cli;

    public BackupCommandTests() => _cli = new Cli(_directory);

    public void Dispose() => _directory.Dispose();

    string BackupPath => _directory.At("backup");

    [Fact]
    public async Task A_backup_is_made_read_checked_and_restored()
    {
        await AppendAsync(_cli, 3);
        var made = (await _cli.RunAsync("backup", BackupPath)).Ends(ExitCodes.Done);
        Assert.Contains("epoch 1, up to @3", made.Lines[0], StringComparison.Ordinal);
        await AppendAsync(_cli, 1);

        var backup = new Cli(_directory, "backup");
        Assert.Equal(3, (await backup.RunAsync("facts")).Ends(ExitCodes.Done).Lines.Length);
        Assert.Contains("No damage.", (await backup.RunAsync("verify", "--deep")).Ends(ExitCodes.Done).Output, StringComparison.Ordinal);
        Assert.Equal(3, (await backup.RunAsync("export", "jsonl")).Ends(ExitCodes.Done).Lines.Length);
        foreach (var command in new string[][] { ["append", "o/1", "placed", "1"], ["retract", "o/1"], ["repair"], ["cell", "put", "a/b", "1"] })
            (await backup.RunAsync(command)).Fails(ExitCodes.Failed, $"factstone restore '{BackupPath}' --data");

        var restored = new Cli(_directory, "restored");
        var report = (await restored.RunAsync("restore", BackupPath)).Ends(ExitCodes.Done);
        Assert.Contains("up to @3", report.Lines[0], StringComparison.Ordinal);
        Assert.Contains("in epoch 2 after 1", report.Lines[0], StringComparison.Ordinal);
        Assert.Contains(BackupPath, report.Lines[1], StringComparison.Ordinal);
        Assert.Contains(restored.Ledger, report.Lines[1], StringComparison.Ordinal);
        Assert.Contains("The receipt is at @4", report.Lines[^2], StringComparison.Ordinal);
        Assert.Contains("Truncations after @3 are not part of the backup", report.Lines[^1], StringComparison.Ordinal);
        Assert.Single((await restored.RunAsync("history", "$receipts/restore")).Ends(ExitCodes.Done).Lines);

        var cursor = (await _cli.RunAsync("stats", "--json")).Ends(ExitCodes.Done).Json[0].GetProperty("cursor").GetString()!;
        await AppendAsync(restored, 3);
        var forked = (await restored.RunAsync("follow", "--after", cursor, "--json")).Ends(ExitCodes.Failed).ErrorJson;
        Assert.Equal(("forked", 3), (forked.GetProperty("error").GetString(), forked.GetProperty("lastCommonPosition").GetInt32()));
    }

    [Fact]
    public async Task Both_say_as_json_what_they_have_done()
    {
        await AppendAsync(_cli, 2);
        var made = (await _cli.RunAsync("backup", BackupPath, "--json")).Ends(ExitCodes.Done).Json[0];
        Assert.Equal("backup ledger epoch position recordedAt segments segmentBytes runs runBytes blobs blobBytes", Names(made));
        Assert.Equal((BackupPath, 2, 1), (made.GetProperty("backup").GetString(), made.GetProperty("position").GetInt32(), made.GetProperty("epoch").GetInt32()));

        var restored = new Cli(_directory, "restored");
        var report = (await restored.RunAsync("restore", BackupPath, "--json")).Ends(ExitCodes.Done).Json[0];
        Assert.Equal("backup ledger location epochBefore epoch lastCommonPosition recordedAt backedUpAt receipt segments segmentBytes runs runBytes blobs blobBytes", Names(report));
        Assert.Equal((restored.Ledger, 2, 2, 3), (report.GetProperty("location").GetString(), report.GetProperty("epoch").GetInt32(), report.GetProperty("lastCommonPosition").GetInt32(), report.GetProperty("receipt").GetInt32()));
    }

    [Fact]
    public async Task What_cannot_be_backed_up_or_restored_is_refused_by_name()
    {
        await ErrorAsync(_cli, ExitCodes.Failed, "no-ledger", "backup", BackupPath);
        await AppendAsync(_cli, 2);
        await ErrorAsync(_cli, ExitCodes.Failed, "not-empty", "backup", _cli.Ledger);
        (await _cli.RunAsync("backup", BackupPath)).Ends(ExitCodes.Done);
        await ErrorAsync(_cli, ExitCodes.Failed, "not-empty", "backup", BackupPath);
        await ErrorAsync(_cli, ExitCodes.Failed, "not-empty", "restore", BackupPath);
        await ErrorAsync(new Cli(_directory, "backup"), ExitCodes.Failed, "backup", "append", "o/1", "placed", "1");
        await ErrorAsync(new Cli(_directory, "restored"), ExitCodes.Failed, "no-ledger", "restore", _cli.Ledger);
        await ErrorAsync(new Cli(_directory, "restored"), ExitCodes.Refused, "usage", "restore");

        await File.WriteAllTextAsync(Path.Combine(BackupPath, "UNFINISHED"), "factstone backup\n", TestContext.Current.CancellationToken);
        await ErrorAsync(new Cli(_directory, "backup"), ExitCodes.Failed, "unfinished", "facts");
        await ErrorAsync(new Cli(_directory, "restored"), ExitCodes.Failed, "unfinished", "restore", BackupPath);
        (await _cli.RunAsync("backup", BackupPath)).Ends(ExitCodes.Done); // starts over
        Assert.Equal(2, (await new Cli(_directory, "backup").RunAsync("facts")).Ends(ExitCodes.Done).Lines.Length);
    }

    [Fact]
    public async Task A_damaged_backup_is_not_restored()
    {
        await AppendAsync(_cli, 2);
        (await _cli.RunAsync("backup", BackupPath)).Ends(ExitCodes.Done);
        var segment = Directory.GetFiles(Path.Combine(BackupPath, "segments")).Single();
        var bytes = await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken);
        bytes[200] ^= 1;
        await File.WriteAllBytesAsync(segment, bytes, TestContext.Current.CancellationToken);

        var restored = new Cli(_directory, "restored");
        var damaged = await ErrorAsync(restored, ExitCodes.Damaged, "damaged", "restore", BackupPath);
        Assert.EndsWith(".log", damaged.GetProperty("damage")[0].GetProperty("file").GetString(), StringComparison.Ordinal);
        await ErrorAsync(restored, ExitCodes.Failed, "no-ledger", "facts");
    }

    static async Task<JsonElement> ErrorAsync(Cli cli, int exitCode, string error, params string[] arguments)
    {
        var json = (await cli.RunAsync([.. arguments, "--json"])).Ends(exitCode).ErrorJson;
        Assert.Equal(error, json.GetProperty("error").GetString());
        return json;
    }

    static async Task AppendAsync(Cli cli, int facts)
    {
        for (var i = 0; i < facts; i++) (await cli.RunAsync("append", $"orders/{i}", "placed", "1")).Ends(ExitCodes.Done);
    }

    static string Names(JsonElement json) => string.Join(' ', json.EnumerateObject().Select(member => member.Name));
}
