using System.Runtime.CompilerServices;

namespace Factstone.Cli.Imports;

/// <summary>A git repository, bare or not, whose first-parent history is read.</summary>
internal sealed class GitRepository
{
    GitRepository(string directory) => Directory = directory;

    public string Directory { get; }

    /// <summary>Whether commits before some point are missing. Then the first ones seem to add every file they have.</summary>
    public bool IsShallow { get; private init; }

    /// <summary>Whether there is any commit.</summary>
    public bool HasCommits { get; private init; }

    public static async Task<GitRepository> OpenAsync(string directory, CancellationToken ct)
    {
        if (!System.IO.Directory.Exists(directory))
            throw new CliException(ExitCodes.Failed, ErrorNames.Git, $"There is no directory '{directory}'.");
        if (await GitProcess.TryRunAsync(directory, ct, "rev-parse", "--git-dir") is null)
            throw new CliException(ExitCodes.Failed, ErrorNames.Git, $"'{directory}' is not a git repository, nor inside of one.");

        return new GitRepository(directory)
        {
            IsShallow = await GitProcess.TryRunAsync(directory, ct, "rev-parse", "--is-shallow-repository") == "true",
            HasCommits = await GitProcess.TryRunAsync(directory, ct, "rev-parse", "--verify", "--quiet", "HEAD^{commit}") is not null,
        };
    }

    /// <summary>The commits that changed something, oldest first. git runs while this is read, and is ended with it.</summary>
    public async IAsyncEnumerable<GitBatch> ReadHistoryAsync([EnumeratorCancellation] CancellationToken ct)
    {
        if (!HasCommits) yield break;

        await using var git = GitProcess.Start(
            Directory,
            "log", "--first-parent", "--reverse", "-m", "--raw", "--no-abbrev", "--no-renames", "-z", "--no-relative", "--no-color",
            "--ignore-submodules=none", "--no-show-signature", "--no-mailmap", "-O/dev/null", "--encoding=UTF-8", $"--format={GitLogParser.Format}", "HEAD", "--");
        // If git dies, its last commit is incomplete, and the output does not show it. So the last commit waits for the exit code.
        GitBatch? last = null;
        await foreach (var batch in GitLogParser.ReadAsync(git.Output, ct))
        {
            if (last is not null) yield return last;
            last = batch;
        }
        if (await git.FailureAsync(ct) is { } failure) throw new CliException(ExitCodes.Failed, ErrorNames.Git, $"git log failed: {failure}");
        if (last is not null) yield return last;
    }

    /// <summary>Commits on the first-parent line.</summary>
    public Task<string?> CountCommitsAsync(CancellationToken ct) => GitProcess.TryRunAsync(Directory, ct, "rev-list", "--count", "--first-parent", "HEAD");
}
