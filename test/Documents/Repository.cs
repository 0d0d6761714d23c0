namespace Factstone;

/// <summary>The checkout that the tests were built from.</summary>
static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    static string FindRoot()
    {
        for (var directory = AppContext.BaseDirectory; directory is not null; directory = Path.GetDirectoryName(directory))
            if (File.Exists(Path.Combine(directory, "Factstone.slnx"))) return directory;
        throw new InvalidOperationException($"There is no Factstone.slnx above '{AppContext.BaseDirectory}': run the tests from a checkout.");
    }
}
