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

    // Hashes, modes and the author's digits are hexadecimal, so they need no escaping.
    static NewFact Fact(GitBatch batch, GitChange change, StreamName file) => change.Kind switch
    {
        // A retraction has no value; who deleted the file, and when, is kept beside it.
        GitChangeKind.Deleted => NewFact.Retraction(file, "deleted") with
        {
            ValidFrom = batch.AuthoredAt,
            Metadata = $$"""{"commit":"{{batch.Commit}}","author":"{{batch.Author}}"}""",
        },
        var kind => new NewFact(
            file,
            kind == GitChangeKind.Added ? "added" : "modified",
            Encoding.ASCII.GetBytes($$"""{"commit":"{{batch.Commit}}","mode":"{{change.Mode}}","blob":"{{change.Blob}}","author":"{{batch.Author}}"}"""))
        {
            ValidFrom = batch.AuthoredAt,
        },
    };
}
