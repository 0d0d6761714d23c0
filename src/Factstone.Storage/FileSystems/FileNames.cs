namespace Factstone.Storage;

/// <summary>The rules about paths and names that hold on every file system.</summary>
internal static class FileNames
{
    /// <summary>Unsigned UTF-8 bytes. The ordinal order of UTF-16 differs from it between surrogates and U+E000 to U+FFFF.</summary>
    public static readonly IComparer<string> ByUtf8Bytes = Comparer<string>.Create(CompareUtf8Bytes);

    /// <summary>A path without its last name; empty for a single name and for the root.</summary>
    public static string DirectoryOf(string path)
    {
        var slash = path.LastIndexOf('/');
        return slash < 0 ? "" : path[..slash];
    }

    public static string NameOf(string path) => path[(path.LastIndexOf('/') + 1)..];

    /// <summary>A directory may be named with a slash at its end; the root is then the empty name.</summary>
    public static string Trimmed(string path) => path.EndsWith('/') ? path.TrimEnd('/') : path;

    /// <summary>The directory and those above it, the highest first, without the root.</summary>
    public static IEnumerable<string> WithParents(string directory)
    {
        for (var slash = directory.IndexOf('/', 0); slash >= 0; slash = directory.IndexOf('/', slash + 1))
            if (slash > 0)
                yield return directory[..slash];
        if (directory.Length > 0) yield return directory;
    }

    /// <summary>The names of the directories directly below one, from the paths of all directories.</summary>
    public static IReadOnlyList<string> DirectoriesIn(string directory, IEnumerable<string> paths)
    {
        var parent = Trimmed(directory);
        return [.. paths.Where(path => path.Length > 0 && path != parent && DirectoryOf(path) == parent).Select(NameOf).Order(ByUtf8Bytes)];
    }

    static int CompareUtf8Bytes(string a, string b)
    {
        for (var i = 0; i < a.Length && i < b.Length; i++)
        {
            if (a[i] == b[i]) continue;
            var (aIsPaired, bIsPaired) = (char.IsSurrogate(a[i]), char.IsSurrogate(b[i]));
            return aIsPaired == bIsPaired ? a[i].CompareTo(b[i]) : aIsPaired ? 1 : -1;
        }

        return a.Length.CompareTo(b.Length);
    }
}
