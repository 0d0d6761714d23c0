namespace Factstone.Cli.Imports;

/// <summary>What one commit changed against its first parent, or a part of it where that is more than one append holds.</summary>
/// <param name="Commit">The commit's full hash.</param>
/// <param name="Part">From 1.</param>
/// <param name="AuthoredAt">When its author made it; null where the commit says a time that no calendar has.</param>
/// <param name="Author">12 hex digits that stand for the author's address.</param>
/// <param name="Changes">The files, in git's order.</param>
internal sealed record GitBatch(string Commit, int Part, DateTimeOffset? AuthoredAt, string Author, IReadOnlyList<GitChange> Changes);

/// <summary>One file that a commit changed.</summary>
internal sealed record GitChange(GitChangeKind Kind, string Mode, string Blob, string Path);

/// <summary>How a commit changed a file.</summary>
internal enum GitChangeKind
{
    Added = 1,
    Modified = 2,
    Deleted = 3,
}
