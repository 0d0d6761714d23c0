namespace Factstone.Tests.Guide.Backups;

/// <summary>docs/guide/backup.md</summary>
public sealed class BackupGuideTests
{
    [Fact]
    public async Task A_backup_is_made_of_an_open_ledger_and_of_a_directory()
    {
        var root = Directory.CreateTempSubdirectory("factstone-guide-").FullName;
        try
        {
            var (data, backups) = (Path.Combine(root, "ledger"), Path.Combine(root, "backups"));
            await using (var ledger = await Ledger.OpenAsync(data))
            {
                await ledger.AppendAsync(new NewFact("orders/42", "placed", """{"total":50}"""));

                BackupReport report = await ledger.BackupAsync(Path.Combine(backups, "2026-01-31"));
                BackupReport same = await Ledger.BackupAsync(data, Path.Combine(backups, "2026-01-31-2"));

                Assert.Equal((1L, 1L), (report.Position.Value, same.Position.Value));
            }

            foreach (var backup in new[] { "2026-01-31", "2026-01-31-2" })
            {
                await using var copy = await Ledger.OpenReadOnlyAsync(Path.Combine(backups, backup));
                Assert.Equal("""{"total":50}""", (await copy.ReadLatestAsync("orders/42"))?.Json);
            }
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }
}
