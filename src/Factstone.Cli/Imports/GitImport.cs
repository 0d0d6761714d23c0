using System.Runtime.CompilerServices;
using System.Text;

namespace Factstone.Cli.Imports;

/// <summary>A git history as appends: one for each commit that changed something, one fact for each changed file.</summary>
internal static class GitImport
{
    public static async IAsyncEnumerable<ImportBatch> ReadAsync(GitRepository repository, string store, Action<string> notice, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var batch in repository.ReadHistoryAsync(ct))
        {
            if (batch is { AuthoredAt: null, Part: 1 }) notice($"Commit {batch.Commit} has no author time within the years 1 to 9999; its facts have no valid-from.");
            yield return new ImportBatch(Request(batch, store), $"commit {batch.Commit}");
        }
    }

    public static AppendRequest Request(GitBatch batch, string store) => new()
    {
        AppendId = batch.Part == 1 ? $"git:{batch.Commit}" : $"git:{batch.Commit}/{batch.Part}",
        Facts = [.. batch.Changes.Select(change => Fact(batch, change, new StreamName(store, change.Path)))],
    };

    static NewFact Fact(GitBatch batch, GitChange change, StreamName file) => new(
        file,
        change.Kind switch { GitChangeKind.Added => "added", GitChangeKind.Deleted => "deleted", _ => "modified" },
        Value(batch, change))
    {
        ValidFrom = batch.AuthoredAt,
        Retracts = change.Kind == GitChangeKind.Deleted,
    };

    // Hashes, modes and the author's digits are hexadecimal, so they need no escaping. A deleted file has no mode and no content.
    static byte[] Value(GitBatch batch, GitChange change) => Encoding.ASCII.GetBytes(change.Kind == GitChangeKind.Deleted
        ? $$"""{"commit":"{{batch.Commit}}","mode":null,"blob":null,"author":"{{batch.Author}}"}"""
        : $$"""{"commit":"{{batch.Commit}}","mode":"{{change.Mode}}","blob":"{{change.Blob}}","author":"{{batch.Author}}"}""");
}
