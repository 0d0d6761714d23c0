using System.Reflection;
using Xunit;

namespace Factstone;

/// <summary>
/// The public members of each package are listed in a file beside this test.
/// Adding a line is the moment to ask whether we want to keep the promise.
/// </summary>
public sealed class PublicSurfaceTests
{
    const string Switch = "FACTSTONE_WRITE_SURFACE";
    const string Folder = "test/Factstone.Tests/PublicSurface";

    public static TheoryData<string> Packages => ["Factstone.Model", "Factstone.Storage", "Factstone", "Factstone.Conformance", "Factstone.Testing"];

    [Theory]
    [MemberData(nameof(Packages))]
    public void A_package_promises_what_is_written_down(string package)
    {
        var path = Path.Combine(Repository.Root, Folder, $"{package}.txt");
        var actual = SurfaceText.Of(Assembly.Load(package));
        if (Environment.GetEnvironmentVariable(Switch) == "1")
        {
            File.WriteAllText(path, string.Concat(actual.Select(line => line + "\n")));
            return;
        }

        var written = File.Exists(path) ? File.ReadAllLines(path) : [];
        Assert.True(written.SequenceEqual(actual), Difference(package, written, actual));
    }

    static string Difference(string package, IReadOnlyList<string> written, IReadOnlyList<string> actual)
    {
        var (before, now) = (Qualified(written), Qualified(actual));
        var lines = before.Except(now).Select(line => $"- {line}").Concat(now.Except(before).Select(line => $"+ {line}")).ToList();
        if (lines.Count == 0) lines.Add("(the same lines in another order)");
        return $"""
            What {package} promises is not what {Folder}/{package}.txt says:
            {string.Join('\n', lines)}
            If this is wanted, write it down and commit the file:
            {Switch}=1 dotnet run --project test/Factstone.Tests -- -class {typeof(PublicSurfaceTests).FullName}
            """;
    }

    /// <summary>Each member with its type, so that a difference shows its place.</summary>
    static List<string> Qualified(IReadOnlyList<string> lines)
    {
        var qualified = new List<string>(lines.Count);
        var type = "";
        foreach (var line in lines)
        {
            if (!line.StartsWith(' ')) type = line;
            qualified.Add(line.StartsWith(' ') ? $"{type}: {line.Trim()}" : line);
        }

        return qualified;
    }
}
