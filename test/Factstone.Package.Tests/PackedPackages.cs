using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;

namespace Factstone.Package.Tests;

/// <summary>What <c>pack.sh</c> makes, packed once for all tests.</summary>
public sealed class PackedPackages : IDisposable
{
    public PackedPackages() => RunAsync(Repository.Root, "bash", "pack.sh", Folder).GetAwaiter().GetResult();

    /// <summary>A folder of this run alone; its name has nothing of the repository.</summary>
    public string Root { get; } = Directory.CreateTempSubdirectory("packages-").FullName;

    public string Folder => Path.Combine(Root, "feed");

    public IReadOnlyList<string> Files => [.. Directory.GetFiles(Folder).Select(static path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    public string Version => Nuspec("Factstone").Descendants().First(static element => element.Name.LocalName == "version").Value;

    public XDocument Nuspec(string package)
    {
        using var archive = Open(package);
        using var stream = archive.GetEntry($"{package}.nuspec")!.Open();
        return XDocument.Load(stream);
    }

    /// <summary>The names of the entries that match, with their bytes.</summary>
    public IReadOnlyList<(string Name, byte[] Bytes)> Entries(string package, Func<string, bool> isWanted)
    {
        using var archive = Open(package);
        return [.. archive.Entries.Where(entry => isWanted(entry.FullName)).Select(static entry => (entry.FullName, Read(entry)))];
    }

    /// <summary>Restores a project. What it needs comes over the network, so it is tried three times.</summary>
    public static async Task RestoreAsync(string directory, params string[] arguments)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await RunAsync(directory, "dotnet", ["restore", .. arguments]);
                return;
            }
            catch (InvalidOperationException) when (attempt < 3)
            {
                await Task.Delay(TimeSpan.FromSeconds(10 * attempt), TestContext.Current.CancellationToken);
            }
        }
    }

    /// <summary>Runs a program and returns what it printed; a failure is an exception with it.</summary>
    public static async Task<string> RunAsync(string directory, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true };

        // Another build that runs at the same time must not be handed work with other properties.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["UseSharedCompilation"] = "false";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{output}\n{await error}");
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    ZipArchive Open(string package) => ZipFile.OpenRead(Directory.GetFiles(Folder, $"{package}.*.nupkg").Single(path => char.IsDigit(Path.GetFileName(path)[package.Length + 1])));

    static byte[] Read(ZipArchiveEntry entry)
    {
        using var stream = entry.Open();
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }
}
