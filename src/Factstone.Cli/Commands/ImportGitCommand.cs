using System.CommandLine;
using Factstone.Cli.Imports;

namespace Factstone.Cli.Commands;

internal sealed class ImportGitCommand : LedgerCommand
{
    readonly Argument<string> _repository = new("REPO") { Description = "A git repository, bare or not, or a directory in one." };
    readonly Option<string> _store = new("--store") { HelpName = "S", Description = "The store whose keys are the paths.", DefaultValueFactory = _ => "files" };

    public ImportGitCommand(CommonOptions common)
        : base("git", "Imports the first-parent history of a git repository: an append for each commit, a fact for each changed file.", "factstone import git . --store files", common)
    {
        Arguments.Add(_repository);
        Options.Add(_store);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, Session session, CancellationToken ct)
    {
        var repository = await GitRepository.OpenAsync(parsed.GetRequiredValue(_repository), ct);
        if (!repository.HasCommits) session.Notice($"'{repository.Directory}' has no commits yet.");
        if (repository.IsShallow) session.Notice($"'{repository.Directory}' is a shallow clone: its first commit here seems to add every file that it has. For the whole history run 'git fetch --unshallow' first, and import into a new ledger.");

        var store = parsed.GetRequiredValue(_store);
        var summary = await ImportRun.RunAsync(session, GitImport.ReadAsync(repository, store, session.Notice, ct), "git is gathering the history", ct);
        summary.WriteTo(session, "commits");
        return ExitCodes.Done;
    }
}
