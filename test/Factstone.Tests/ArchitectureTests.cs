using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Factstone;

/// <summary>References between projects are the architecture: each project sees only those below it.</summary>
public sealed partial class ArchitectureTests
{
    /// <summary>
    /// The projects and packages that each project in src/ may refer to. A
    /// new project, reference or package is a decision, and is listed here.
    /// </summary>
    static readonly Dictionary<string, (string[] Projects, string[] Packages)> Allowed = new()
    {
        ["Factstone.Model"] = ([], []),
        ["Factstone.Storage"] = (["Factstone.Model"], []),
        ["Factstone"] = (["Factstone.Model", "Factstone.Storage"], []),
        ["Factstone.Conformance"] = (["Factstone.Model"], []),
        ["Factstone.Cli"] = (["Factstone", "Factstone.Conformance", "Factstone.Testing"], ["System.CommandLine", "Spectre.Console"]),
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

    // A project file limits the references; the assembly shows the actual ones.
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

    // A wait for the lock wrote a line to standard error of whatever program had opened the ledger.
    [Theory]
    [MemberData(nameof(CoreProjects))]
    public void The_core_never_writes_to_the_console(string name) =>
        Assert.DoesNotContain("System.Console", Assembly.Load(name).GetReferencedAssemblies().Select(reference => reference.Name));

    // Another storage can replace the engine only if a single file has to change.
    [Fact]
    public void One_file_of_the_ledger_names_the_engine()
    {
        var root = Path.Combine(Repository.Root, "src/Factstone");
        var naming = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(root, path).Replace('\\', '/'))
            .Where(path => !path.StartsWith("obj/", StringComparison.Ordinal) && !path.StartsWith("bin/", StringComparison.Ordinal))
            .Where(path => NamesEngine().IsMatch(Repository.Read($"src/Factstone/{path}")));

        Assert.Equal(["StorageEngine.cs"], naming);
        Assert.Empty(References(Project("Factstone"), "Using"));
    }

    [Theory]
    [InlineData("using Factstone.Storage;", true)]
    [InlineData("using static Factstone.Storage.FileStorage;", true)]
    [InlineData("var storage = Storage.FileStorage.Open(files);", true)]
    [InlineData("internal IFactStorage Storage => _storage;", false)]
    [InlineData("var head = verification.Storage.Head;", false)]
    public void Naming_the_engine_is_recognised(string line, bool names) => Assert.Equal(names, NamesEngine().IsMatch(line));

    /// <summary>The namespace of the engine, in full or relative to the namespace of the ledger.</summary>
    [GeneratedRegex(@"\bFactstone\.Storage\b|(?<![\w.])Storage\.\w")]
    private static partial Regex NamesEngine();

    [Fact]
    public void The_document_lists_every_member_of_the_port()
    {
        var listed = DocumentSection.Read("docs/architecture.md", "The port").Table("part", "interface", "members")
            .SelectMany(row => row[2].Split(", ").Select(member => $"{row[1].Trim('`')}.{member.Trim('`')}")).ToList();
        var ports = Directory.GetFiles(Path.Combine(Repository.Root, "src/Factstone.Model/Port"), "I*.cs").Select(path => Path.GetFileNameWithoutExtension(path)).Where(name => name != nameof(IFactStorage));
        var declared = ports.SelectMany(name => Members(typeof(IFactStorage).Assembly.GetType($"Factstone.{name}", throwOnError: true)!)).ToList();

        Assert.Equal(declared.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
        Assert.Equal(["IFactStorage.Appending"], Members(typeof(IFactStorage)));
    }

    static IEnumerable<string> Members(Type type) =>
        type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Where(member => member is not MethodInfo { IsSpecialName: true }).Select(member => $"{type.Name}.{member.Name}");

    [Fact]
    public void The_port_has_three_parts() => Assert.Equal(
        ["reading", "append session", "administration"],
        DocumentSection.Read("docs/architecture.md", "The port").Table("part", "interface", "members").Select(row => row[0]).Distinct());
}
