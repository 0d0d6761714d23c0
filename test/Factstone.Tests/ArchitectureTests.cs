using System.Reflection;
using System.Xml.Linq;
using Xunit;

namespace Factstone;

/// <summary>References between projects are the architecture: each sees only what is below it.</summary>
public sealed class ArchitectureTests
{
    /// <summary>What each project in src/ may refer to, and which packages it may use. A new project, reference or package is a decision: write it down here.</summary>
    static readonly Dictionary<string, (string[] Projects, string[] Packages)> Allowed = new()
    {
        ["Factstone.Model"] = ([], []),
        ["Factstone.Storage"] = (["Factstone.Model"], []),
        ["Factstone"] = (["Factstone.Model", "Factstone.Storage"], []),
        ["Factstone.Cli"] = (["Factstone"], ["System.CommandLine", "Spectre.Console"]),
    };

    static readonly string[] Core = ["Factstone.Model", "Factstone.Storage", "Factstone"];

    public static TheoryData<string> AllProjects => [.. Allowed.Keys];

    public static TheoryData<string> CoreProjects => [.. Core];

    static XDocument Project(string name) => XDocument.Parse(Repository.Read($"src/{name}/{name}.csproj"));

    static IEnumerable<string> References(XDocument project, string element) => project.Descendants(element).Select(reference => reference.Attribute("Include")!.Value);

    [Fact]
    public void Every_project_is_part_of_the_architecture() => Assert.Equal(
        Allowed.Keys.Order(StringComparer.Ordinal),
        Directory.GetDirectories(Path.Combine(Repository.Root, "src")).Select(directory => Path.GetFileName(directory)).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(AllProjects))]
    public void A_project_refers_only_to_what_is_below_it(string name) => Assert.Equal(
        Allowed[name].Projects,
        References(Project(name), "ProjectReference").Select(path => Path.GetFileNameWithoutExtension(path)));

    [Theory]
    [MemberData(nameof(AllProjects))]
    public void A_project_uses_only_the_packages_it_may(string name) => Assert.Equal(Allowed[name].Packages, References(Project(name), "PackageReference"));

    [Fact]
    public void What_every_project_uses_are_analyzers_that_no_user_of_ours_gets()
    {
        var references = XDocument.Parse(Repository.Read("Directory.Build.props")).Descendants("PackageReference").ToList();
        Assert.NotEmpty(references);
        Assert.All(references, reference =>
        {
            Assert.Contains("Analyzer", reference.Attribute("Include")!.Value, StringComparison.Ordinal);
            Assert.Equal("all", reference.Attribute("PrivateAssets")?.Value);
        });
    }

    // A project file says what may be seen; the assembly says what is.
    [Theory]
    [MemberData(nameof(CoreProjects))]
    public void A_core_assembly_refers_to_the_base_library_and_to_what_is_below_it(string name)
    {
        var baseLibrary = Path.GetDirectoryName(typeof(object).Assembly.Location);
        foreach (var reference in Assembly.Load(name).GetReferencedAssemblies())
        {
            var isBelow = Allowed[name].Projects.Contains(reference.Name);
            Assert.True(isBelow || Path.GetDirectoryName(Assembly.Load(reference).Location) == baseLibrary, $"{name} refers to {reference.Name}.");
        }
    }
}
