using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Factstone.Cli.Tests;

public sealed class GitImportTests : IDisposable
{
    readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    // For every commit, the listing as of its last position equals git's own tree of that commit.
    [Fact]
    public async Task The_listing_as_of_every_commit_is_gits_tree()
    {
        var repository = Git.Build(_directory, "repository", History.OfEverything().ToString());
        var cli = new Cli(_directory);
        var import = (await cli.RunAsync("import", "git", repository, "--json")).Ends(ExitCodes.Done);

        Assert.Equal(Changing(repository), import.Json.Select(AppendId));
        await ListsAsGitDoesAsync(cli, repository, import, everyCommit: 1);
    }

    [Fact]
    public async Task The_history_of_this_repository_lists_as_gits_trees_do()
    {
        if (!Directory.Exists(System.IO.Path.Combine(Repository.Root, ".git")))
        {
            TestContext.Current.SendDiagnosticMessage("Not run: the checkout has no git history.");
            Assert.Skip("The checkout has no git history.");
        }

        var cli = new Cli(_directory);
        var import = (await cli.RunAsync("import", "git", Repository.Root, "--json")).Ends(ExitCodes.Done);
        Assert.Equal(Changing(Repository.Root), import.Json.Select(AppendId));
        await ListsAsGitDoesAsync(cli, Repository.Root, import, everyCommit: 10);

        var again = (await cli.RunAsync("import", "git", Repository.Root, "--json")).Ends(ExitCodes.Done);
        Assert.All(again.Json, receipt => Assert.Equal("duplicate", receipt.GetProperty("outcome").GetString()));
    }

    [Fact]
    public async Task A_fact_says_who_changed_what_and_when()
    {
        var repository = Git.Build(_directory, "repository", History.OfEverything().ToString());
        var cli = new Cli(_directory);
        (await cli.RunAsync("import", "git", repository)).Ends(ExitCodes.Done);

        var readme = (await cli.RunAsync("history", "files/readme.txt", "--json")).Json;
        Assert.Equal(["added", "modified", "modified", "modified"], readme.Select(fact => fact.GetProperty("type").GetString()));
        Assert.Equal(["100644", "100644", "120000", "100644"], readme.Select(fact => fact.GetProperty("value").GetProperty("mode").GetString()));
        Assert.Equal("2020-09-13T13:26:40.000000Z", readme[0].GetProperty("validFrom").GetString());
        // The address is stored in lower case: Ada@Example.ORG and ada@example.org are one author.
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData("ada@example.org"u8))[..12], readme[0].GetProperty("value").GetProperty("author").GetString());

        var link = (await cli.RunAsync("history", "files/link", "--json")).Json;
        Assert.True(link[^1].GetProperty("retracts").GetBoolean());
        Assert.Equal("deleted", link[^1].GetProperty("type").GetString());
        Assert.Equal(JsonValueKind.Null, link[^1].GetProperty("value").GetProperty("blob").ValueKind);
        Assert.Equal(40, link[^1].GetProperty("value").GetProperty("commit").GetString()!.Length);

        Assert.Equal("160000", (await cli.RunAsync("history", "files/module", "--json")).Json[0].GetProperty("value").GetProperty("mode").GetString());
    }

    [Fact]
    public async Task After_new_commits_exactly_those_are_added()
    {
        var repository = Git.Build(_directory, "repository", History.OfManyCommits(20).ToString());
        var cli = new Cli(_directory);
        (await cli.RunAsync("import", "git", repository)).Ends(ExitCodes.Done);
        var before = (await cli.RunAsync("facts", "--json")).Output;

        Git.Continue(repository, new History().Commit("eve@example.org", "M 100644 inline new", "n\n", "D counter", "").ToString().Replace("data 1\nx\n", "data 1\nx\nfrom refs/heads/main^0\n", StringComparison.Ordinal));
        var import = (await cli.RunAsync("import", "git", repository, "--json")).Ends(ExitCodes.Done);
        Assert.Equal([.. Enumerable.Repeat("duplicate", 20), "committed"], import.Json.Select(receipt => receipt.GetProperty("outcome").GetString()));

        var after = (await cli.RunAsync("facts", "--json")).Output;
        Assert.StartsWith(before, after, StringComparison.Ordinal);
        Assert.Equal(2, after[before.Length..].Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        (await cli.RunAsync("import", "git", repository)).Ends(ExitCodes.Done);
        Assert.Equal(after, (await cli.RunAsync("facts", "--json")).Output);
    }

    // The process is killed during an import. Every batch whose receipt was printed is durable. The second import adds what is missing, and
    // the ledger equals one whose import was not interrupted.
    [Fact]
    public async Task An_import_that_was_killed_half_way_is_finished_by_the_next()
    {
        var repository = Git.Build(_directory, "repository", History.OfManyCommits(3_000).ToString());
        var cli = new Cli(_directory);
        var acknowledged = new List<string>();
        await using (var process = CliProcess.Start(["import", "git", repository, "--data", cli.Ledger, "--json"]))
        {
            while (acknowledged.Count < 200 && await process.ReadLineAsync() is { } line) acknowledged.Add(line);
            process.Kill();
        }

        Assert.Equal(200, acknowledged.Count);
        var again = (await cli.RunAsync("import", "git", repository, "--json")).Ends(ExitCodes.Done).Json;
        Assert.Equal(3_000, again.Count);
        Assert.Equal(acknowledged.Select(line => line.Replace("\"committed\"", "\"duplicate\"", StringComparison.Ordinal)), again.Take(200).Select(receipt => receipt.GetRawText()));

        var whole = new Cli(_directory, "whole");
        (await whole.RunAsync("import", "git", repository)).Ends(ExitCodes.Done);
        Assert.Equal((await whole.RunAsync("facts", "--json")).Json.Select(Told), (await cli.RunAsync("facts", "--json")).Json.Select(Told));
        (await cli.RunAsync("verify")).Ends(ExitCodes.Done);
    }

    [Fact]
    public async Task A_commit_of_more_than_10000_files_is_several_appends()
    {
        var changes = Enumerable.Range(0, 10_001).SelectMany(i => (string[])[$"M 160000 1234567890123456789012345678901234567890 {i:D5}", ""]).ToArray();
        var repository = Git.Build(_directory, "repository", new History().Commit("a@example.org", changes).ToString());
        var cli = new Cli(_directory);

        var import = (await cli.RunAsync("import", "git", repository, "--json")).Ends(ExitCodes.Done).Json;
        var commit = Git.Run(repository, "rev-parse", "HEAD").Trim();
        Assert.Equal([$"git:{commit}", $"git:{commit}/2"], import.Select(AppendId));
        Assert.Equal([10_000L, 10_001L], import.Select(receipt => receipt.GetProperty("last").GetInt64()));
    }

    [Fact]
    public async Task A_path_that_can_be_no_key_is_refused_by_name()
    {
        var cli = new Cli(_directory);
        var longPath = string.Join('/', Enumerable.Repeat(new string('p', 100), 11));
        var tooLong = Git.Build(_directory, "long", new History().Commit("a@example.org", $"M 100644 inline {longPath}", "x").ToString());
        (await cli.RunAsync("import", "git", tooLong)).Fails(ExitCodes.Refused, "1,110 bytes");

        var notUtf8 = Git.Build(_directory, "latin", new History().Commit("a@example.org", "M 100644 inline \"caf\\351.txt\"", "x").ToString());
        (await cli.RunAsync("import", "git", notUtf8)).Fails(ExitCodes.Refused, "'caf\\xe9.txt'");

        var control = Git.Build(_directory, "control", new History().Commit("a@example.org", "M 100644 inline \"two\\nlines\"", "x").ToString());
        (await cli.RunAsync("import", "git", control)).Fails(ExitCodes.Refused, "'two\\x0alines'");
        Assert.False(Directory.Exists(cli.Ledger));
    }

    [Fact]
    public async Task A_shallow_clone_says_so()
    {
        var repository = Git.Build(_directory, "repository", History.OfManyCommits(5).ToString());
        var clone = _directory.At("shallow");
        Git.Run(_directory.Path, "clone", "--quiet", "--depth=2", $"file://{repository}", clone);

        var import = (await new Cli(_directory).RunAsync("import", "git", clone)).Ends(ExitCodes.Done);
        Assert.Contains("shallow clone", import.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_repository_is_refused_and_nothing_is_made()
    {
        var cli = new Cli(_directory);
        (await cli.RunAsync("import", "git", _directory.At("nowhere"))).Fails(ExitCodes.Failed, "There is no directory");
        (await cli.RunAsync("import", "git", _directory.Path)).Fails(ExitCodes.Failed, "is not a git repository");
        Assert.False(Directory.Exists(cli.Ledger));
    }

    [Fact]
    public async Task A_repository_without_commits_imports_as_nothing()
    {
        var cli = new Cli(_directory);
        var import = (await cli.RunAsync("import", "git", Git.Build(_directory, "empty", ""))).Ends(ExitCodes.Done);
        Assert.Contains("has no commits yet", import.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(cli.Ledger));
    }

    // A user's settings change the output of 'git log', but must not change what is imported.
    [Fact]
    public async Task The_configuration_of_the_repository_does_not_matter()
    {
        var repository = Git.Build(_directory, "repository", History.OfEverything().ToString());
        (await new Cli(_directory, "plain").RunAsync("import", "git", repository)).Ends(ExitCodes.Done);
        foreach (var (name, value) in new[] { ("log.showRoot", "false"), ("diff.renames", "copies"), ("diff.ignoreSubmodules", "all"), ("log.diffMerges", "off"), ("color.ui", "always"), ("log.showSignature", "true"), ("diff.relative", "true"), ("i18n.logOutputEncoding", "latin1") })
            Git.Run(repository, "config", name, value);
        (await new Cli(_directory, "configured").RunAsync("import", "git", repository)).Ends(ExitCodes.Done);

        Assert.Equal(
            (await new Cli(_directory, "plain").RunAsync("facts", "--json")).Json.Select(Told),
            (await new Cli(_directory, "configured").RunAsync("facts", "--json")).Json.Select(Told));
    }

    /// <summary>
    /// The append ids of the first-parent history, computed in another way than
    /// by the import: commits whose tree differs from that of their first parent.
    /// </summary>
    static IEnumerable<string> Changing(string repository)
    {
        var parentTree = "";
        foreach (var line in Git.Run(repository, "log", "--first-parent", "--reverse", "--format=%H %T").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var (commit, tree) = (line[..40], line[41..]);
            if (tree != parentTree) yield return $"git:{commit}";
            parentTree = tree;
        }
    }

    static async Task ListsAsGitDoesAsync(Cli cli, string repository, CliAnswer import, int everyCommit)
    {
        var receipts = import.Json;
        for (var i = receipts.Count - 1; i >= 0; i -= everyCommit)
        {
            var commit = AppendId(receipts[i])["git:".Length..];
            var listed = (await cli.RunAsync("list", "files", "--as-of", $"@{receipts[i].GetProperty("last").GetInt64()}", "--json")).Ends(ExitCodes.Done);
            Assert.Equal(Tree(repository, commit), listed.Json.Select(fact => Line(fact)).ToArray());
        }
    }

    /// <summary><c>mode hash path</c> of every file, in the order of bytes, which git uses.</summary>
    static string[] Tree(string repository, string commit) =>
    [
        .. Git.Run(repository, "ls-tree", "-r", "-z", "--full-tree", commit).Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Select(entry => (Attributes: entry.Split('\t', 2)[0].Split(' '), Path: entry.Split('\t', 2)[1]))
            .OrderBy(entry => Convert.ToHexString(Encoding.UTF8.GetBytes(entry.Path)), StringComparer.Ordinal)
            .Select(entry => $"{entry.Attributes[0]} {entry.Attributes[2]} {entry.Path}"),
    ];

    static string Line(JsonElement fact) => $"{fact.GetProperty("value").GetProperty("mode").GetString()} {fact.GetProperty("value").GetProperty("blob").GetString()} {fact.GetProperty("key").GetString()}";

    static string AppendId(JsonElement receipt) => receipt.GetProperty("appendId").GetString()!;

    /// <summary>The content of a fact without its id and its time.</summary>
    static string Told(JsonElement fact) => string.Join(' ', fact.EnumerateObject().Where(field => field.Name is not ("id" or "recordedAt")).Select(field => field.Value.GetRawText()));
}
