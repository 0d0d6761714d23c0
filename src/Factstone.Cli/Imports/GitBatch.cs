namespace Factstone.Cli.Imports;

/// <summary>What one commit changed against its first parent, or a part of it if that exceeds one append.</summary>
/// <param name="Commit">The commit's full hash.</param>
/// <param name="Part">The number of the part, from 1.</param>
/// <param name="AuthoredAt">The author time; null if it is outside of the calendar.</param>
/// <param name="Author">12 hex digits computed from the author's address.</param>
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
