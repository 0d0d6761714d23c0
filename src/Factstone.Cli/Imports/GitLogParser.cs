using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;

namespace Factstone.Cli.Imports;

/// <summary>Parses the output of <c>git log --raw -z --format=GitLogParser.Format</c>.</summary>
/// <remarks>
/// With <c>-z</c> every piece ends with a NUL: a commit's line, then for each changed file a piece
/// <c>:MODE MODE HASH HASH STATUS</c> and a piece with its path, which may contain any other byte. The first file's
/// piece of a commit begins with a line break (git-log(1), git-diff-tree(1) "Raw output format").
/// </remarks>
internal static class GitLogParser
{
    /// <summary>Begins with a word, so that a commit's line cannot be taken for a file's.</summary>
    public const string Format = "commit %H %at %ae";

    const string CommitWord = "commit ";

    /// <summary>Longer than any path that can be imported, so that a path that is too long can be named.</summary>
    const int PieceBytesMax = 1024 * 1_024;

    const int AuthorDigits = 12;

    static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static async IAsyncEnumerable<GitBatch> ReadAsync(Stream log, [EnumeratorCancellation] CancellationToken ct)
    {
        var pieces = new DelimitedReader(log, delimiter: 0, PieceBytesMax);
        GitBatch? commit = null;
        var changes = new List<GitChange>();
        while (await PieceAsync(pieces, ct) is { } piece)
        {
            var bytes = piece.Span is [(byte)'\n', ..] ? piece[1..] : piece;
            if (bytes.Span is [(byte)':', ..])
            {
                if (commit is null) throw Unexpected(bytes);
                var raw = Encoding.ASCII.GetString(bytes.Span);
                var path = await PieceAsync(pieces, ct) ?? throw Unexpected(bytes);
                if (!pieces.WasDelimited) throw EndedEarly();
                if (changes.Count == FactLimits.FactsPerAppendMax)
                {
                    yield return commit with { Changes = changes };
                    commit = commit with { Part = commit.Part + 1 };
                    changes = [];
                }
                changes.Add(Change(raw, path, commit.Commit));
                continue;
            }

            if (!pieces.WasDelimited) throw EndedEarly();
            if (commit is not null && changes.Count > 0) yield return commit with { Changes = changes };
            commit = CommitLine(bytes);
            changes = [];
        }

        if (commit is not null && changes.Count > 0) yield return commit with { Changes = changes };
    }

    static async ValueTask<ReadOnlyMemory<byte>?> PieceAsync(DelimitedReader pieces, CancellationToken ct)
    {
        try
        {
            return await pieces.ReadAsync(ct);
        }
        catch (PieceTooLongException tooLong)
        {
            throw CliException.Refused($"A path has more than {PieceBytesMax:N0} bytes: '{Shown(tooLong.Beginning.Span)}…'. A key has at most {FactLimits.KeyBytesMax:N0}.", tooLong);
        }
    }

    static GitBatch CommitLine(ReadOnlyMemory<byte> line)
    {
        var text = Encoding.UTF8.GetString(line.Span);
        if (!text.StartsWith(CommitWord, StringComparison.Ordinal)) throw Unexpected(line);
        var words = text[CommitWord.Length..].Split(' ', 3);
        if (words.Length != 3 || !IsHash(words[0])) throw Unexpected(line);
        return new GitBatch(words[0], Part: 1, Time(words[1]), Author(words[2]), []);
    }

    static GitChange Change(string raw, ReadOnlyMemory<byte> path, string commit)
    {
        // ":100644 100644 <hash> <hash> M"; a status with a score (R100) belongs to renames, which are switched off.
        var words = raw[1..].Split(' ');
        if (words.Length != 5 || words[0].Length != 6 || words[1].Length != 6 || !IsHash(words[2]) || !IsHash(words[3])) throw Unexpected(Encoding.ASCII.GetBytes(raw));
        var kind = words[4] switch
        {
            "A" => GitChangeKind.Added,
            "M" or "T" => GitChangeKind.Modified,
            "D" => GitChangeKind.Deleted,
            _ => throw new CliException(ExitCodes.Failed, ErrorNames.Git, $"git says '{words[4]}' of '{Shown(path.Span)}' in commit {commit}, which is an unknown kind of change."),
        };
        return new GitChange(kind, words[1], words[3], Path(path.Span, commit));
    }

    static string Path(ReadOnlySpan<byte> path, string commit)
    {
        if (path.Length > FactLimits.KeyBytesMax)
            throw CliException.Refused($"The path '{Shown(path)}' in commit {commit} has {path.Length:N0} bytes; a key has at most {FactLimits.KeyBytesMax:N0}.");

        string text;
        try
        {
            text = StrictUtf8.GetString(path);
        }
        catch (DecoderFallbackException)
        {
            throw CliException.Refused($"The path '{Shown(path)}' in commit {commit} is not UTF-8; a key must be.");
        }

        return text.Any(char.IsControl) ? throw CliException.Refused($"The path '{Shown(path)}' in commit {commit} contains a control character, which a key must not.") : text;
    }

    /// <summary>The path, with every byte that is not plain ASCII as \xNN.</summary>
    static string Shown(ReadOnlySpan<byte> path)
    {
        const int BytesMax = 200;
        var text = new StringBuilder();
        foreach (var value in path[..Math.Min(path.Length, BytesMax)])
        {
            if (value is >= 0x20 and < 0x7F and not (byte)'\\') text.Append((char)value);
            else text.Append(CultureInfo.InvariantCulture, $"\\x{value:x2}");
        }
        return path.Length > BytesMax ? text.Append('…').ToString() : text.ToString();
    }

    /// <summary>A commit may contain any number; a number outside of the calendar gives no time.</summary>
    static DateTimeOffset? Time(string unixSeconds) =>
        long.TryParse(unixSeconds, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)
        && seconds >= DateTimeOffset.MinValue.ToUnixTimeSeconds() && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;

    static string Author(string address) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(address.ToLowerInvariant())))[..AuthorDigits];

    static bool IsHash(string text) => text.Length is 40 or 64 && text.All(char.IsAsciiHexDigitLower);

    static CliException Unexpected(ReadOnlyMemory<byte> piece) =>
        new(ExitCodes.Failed, ErrorNames.Git, $"git log wrote an unexpected output: '{Shown(piece.Span)}'.");

    static CliException EndedEarly() => new(ExitCodes.Failed, ErrorNames.Git, "git log ended in the middle of a commit.");
}
