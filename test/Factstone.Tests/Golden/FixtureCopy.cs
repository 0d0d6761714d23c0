namespace Factstone.Tests.Golden;

/// <summary>A copy of a frozen ledger on the disk, deleted after the test.</summary>
internal sealed class FixtureCopy : IDisposable
{
    readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("factstone-golden-");

    public FixtureCopy(string source) : this(source, GoldenLedger.Files) { }

    public FixtureCopy(string source, IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            var target = System.IO.Path.Combine(Path, name);
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
            File.Copy(System.IO.Path.Combine(source, name), target);
        }
    }

    public string Path => _directory.FullName;

    public void Dispose() => _directory.Delete(recursive: true);
}
