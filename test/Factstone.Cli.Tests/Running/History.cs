using System.Globalization;
using System.Text;

namespace Factstone.Cli.Tests;

/// <summary>Writes a history for <c>git fast-import</c> (git-fast-import(1)) with every kind of change to a file.</summary>
sealed class History
{
    readonly StringBuilder _stream = new();
    int _commits;

    /// <summary>
    /// One of each: two kinds of files, a symbolic link and a submodule; paths of any script; changes of mode and type; deletions, renames,
    /// a file that becomes a directory; an empty commit; a merge that adds files, and one that reverts some.
    /// </summary>
    public static History OfEverything() => new History()
        .Commit("Ada@Example.ORG", "M 100644 inline readme.txt", "one\n", "M 100755 inline bin/run", "#!/bin/sh\n", "M 100644 inline über/ファイル 🎈.txt", "balloon\n", "M 100644 inline \"with \\\"quotes\\\"\"", "q\n")
        .Commit("ada@example.org", "M 120000 inline link", "readme.txt", "M 160000 1234567890123456789012345678901234567890 module", "")
        .Commit("bob@example.org")
        .Commit("bob@example.org", "M 100644 inline bin/run", "#!/bin/sh\n", "M 100644 inline readme.txt", "two\n")
        .Commit("bob@example.org", "M 120000 inline readme.txt", "bin/run", "D link", "")
        .Commit("bob@example.org", "R bin/run bin/start", "", "D module", "", "M 100644 inline module/inside", "now a directory\n")
        .Branch("side", "M 100644 inline side.txt", "from the side\n", "M 100644 inline shared.txt", "shared\n")
        .Commit("", "M 100644 inline main.txt", "main\n")
        .Merge("side", "M 100644 inline side.txt", "from the side\n", "D main.txt", "")
        .Commit("ada@example.org", "M 100644 inline main.txt", "again\n", "M 100644 inline readme.txt", "a file once more\n");

    /// <summary>Many commits, each of which changes one file and adds one.</summary>
    public static History OfManyCommits(int count)
    {
        var history = new History();
        for (var i = 1; i <= count; i++)
            history.Commit("ada@example.org", "M 100644 inline counter", $"{i}\n", $"M 100644 inline files/{i % 97}/{i}", $"content {i}\n");
        return history;
    }

    public History Commit(string address, params ReadOnlySpan<string> changes) => Write("main", address, merged: null, changes);

    public History Branch(string name, params ReadOnlySpan<string> changes)
    {
        _stream.Append(CultureInfo.InvariantCulture, $"reset refs/heads/{name}\nfrom refs/heads/main\n\n");
        return Write(name, "side@example.org", merged: null, changes);
    }

    public History Merge(string name, params ReadOnlySpan<string> changes) => Write("main", "ada@example.org", $"refs/heads/{name}", changes);

    public override string ToString() => _stream.ToString();

    /// <summary>Changes are pairs: a command, and its content or an empty text.</summary>
    History Write(string branch, string address, string? merged, ReadOnlySpan<string> changes)
    {
        _commits++;
        _stream.Append(CultureInfo.InvariantCulture, $"commit refs/heads/{branch}\nauthor A <{address}> {1_600_000_000 + (_commits * 3_600)} +0200\ncommitter C <c@example.org> {1_700_000_000 + _commits} +0000\ndata 1\nx\n");
        if (merged is not null) _stream.Append(CultureInfo.InvariantCulture, $"merge {merged}\n");
        for (var i = 0; i < changes.Length; i += 2)
        {
            _stream.Append(changes[i]).Append('\n');
            if (changes[i].Contains(" inline ", StringComparison.Ordinal)) _stream.Append(CultureInfo.InvariantCulture, $"data {Encoding.UTF8.GetByteCount(changes[i + 1])}\n{changes[i + 1]}\n");
        }
        _stream.Append('\n');
        return this;
    }
}
