using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Xml.Linq;
using Xunit;

namespace Factstone.Package.Tests;

/// <summary>What a user installs.</summary>
public sealed class PackageTests(PackedPackages packages) : IClassFixture<PackedPackages>
{
    static readonly string[] Libraries = ["Factstone", "Factstone.Conformance", "Factstone.Model", "Factstone.Storage", "Factstone.Testing"];
    static readonly string[] All = [.. Libraries, "Factstone.Cli"];
    static readonly string[] Assemblies = [.. Libraries, "factstone-cli"];

    public static TheoryData<string> Names => [.. All];

    [Fact]
    public void Each_package_comes_with_its_symbols() =>
        Assert.Equal([.. All.SelectMany(name => new[] { $"{name}.{packages.Version}.nupkg", $"{name}.{packages.Version}.snupkg" }).Order(StringComparer.Ordinal)], packages.Files);

    // Three packages had to match exactly and said ">=": a newer one of them could meet older ones, whose internals it uses.
    [Theory]
    [MemberData(nameof(Names))]
    public void A_package_says_what_it_is_and_requires_its_own_version_of_the_others(string package)
    {
        var nuspec = packages.Nuspec(package);
        string Text(string name) => nuspec.Descendants().Single(element => element.Name.LocalName == name).Value;

        Assert.Equal("README.md", Text("readme"));
        Assert.Equal("icon.png", Text("icon"));
        Assert.Equal("MIT", Text("license"));
        Assert.NotEqual("Package Description", Text("description"));
        Assert.Equal(2, packages.Entries(package, static name => name is "README.md" or "icon.png").Count(static entry => entry.Bytes.Length > 0));
        var dependencies = nuspec.Descendants().Where(static element => element.Name.LocalName == "dependency").ToList();
        Assert.All(dependencies, one => Assert.Equal(one.Attribute("id")!.Value.StartsWith("Factstone", StringComparison.Ordinal), one.Attribute("version")!.Value == $"[{packages.Version}]"));
        Assert.Equal(package switch { "Factstone" => 2, "Factstone.Conformance" or "Factstone.Storage" or "Factstone.Testing" => 1, _ => 0 }, dependencies.Count(static one => one.Attribute("id")!.Value.StartsWith("Factstone", StringComparison.Ordinal)));
        if (Libraries.Contains(package)) Assert.All(dependencies, static one => Assert.StartsWith("Factstone", one.Attribute("id")!.Value, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void An_assembly_names_no_folder_of_the_machine_and_befriends_only_what_is_shipped(string package)
    {
        var assemblies = packages.Entries(package, static name => name.EndsWith(".dll", StringComparison.Ordinal) && Path.GetFileName(name).StartsWith("factstone", StringComparison.OrdinalIgnoreCase));
        Assert.NotEmpty(assemblies);
        foreach (var (name, bytes) in assemblies)
        {
            foreach (var folder in new[] { Repository.Root.TrimEnd('/'), Path.GetTempPath().TrimEnd('/') })
            {
                Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes($"{folder}/")) < 0, $"{name} contains {folder}");
                Assert.True(bytes.AsSpan().IndexOf(Encoding.Unicode.GetBytes($"{folder}/")) < 0, $"{name} contains {folder}");
            }

            Assert.All(Friends(bytes), static friend => Assert.Contains(friend, Assemblies));
        }
    }

    // The compiler writes the comments of internal members into the documentation, too.
    [Theory]
    [InlineData("Factstone")]
    [InlineData("Factstone.Conformance")]
    [InlineData("Factstone.Model")]
    [InlineData("Factstone.Storage")]
    [InlineData("Factstone.Testing")]
    public void The_documentation_has_public_members_only(string package)
    {
        var (_, bytes) = Assert.Single(packages.Entries(package, static name => name.EndsWith(".xml", StringComparison.Ordinal) && name.StartsWith("lib/", StringComparison.Ordinal)));
        var (_, dll) = Assert.Single(packages.Entries(package, name => name.EndsWith($"{package}.dll", StringComparison.Ordinal)));
        var types = PublicTypes(dll);

        var documented = XDocument.Load(new MemoryStream(bytes)).Descendants("member").Select(static member => member.Attribute("name")!.Value).ToList();

        foreach (var id in documented.Where(static id => id.StartsWith("T:", StringComparison.Ordinal))) Assert.Contains(id[2..], types);
        foreach (var id in documented.Where(static id => !id.StartsWith("T:", StringComparison.Ordinal))) Assert.Contains(types, type => id[2..].StartsWith($"{type}.", StringComparison.Ordinal));
        if (package == "Factstone") Assert.Contains(documented, static id => id.StartsWith("M:Factstone.Ledger.OpenAsync(", StringComparison.Ordinal));
        if (package == "Factstone") Assert.DoesNotContain(documented, static id => id.Contains(".Storage", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_program_with_the_package_runs_and_can_be_trimmed()
    {
        var program = Directory.CreateDirectory(Path.Combine(packages.Root, "program")).FullName;
        await File.WriteAllTextAsync(Path.Combine(program, "Program.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <NuGetAudit>false</NuGetAudit>
                <InvariantGlobalization>true</InvariantGlobalization>
                <RestoreAdditionalProjectSources>{packages.Folder}</RestoreAdditionalProjectSources>
                <RestorePackagesPath>{Path.Combine(packages.Root, "restored")}</RestorePackagesPath>
                <RestoreFallbackFolders>{Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages")}</RestoreFallbackFolders>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Factstone" Version="{packages.Version}" />
              </ItemGroup>
            </Project>
            """, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(program, "Program.cs"), """
            using System.Text.Json;
            using System.Text.Json.Serialization;
            using Factstone;

            await using var ledger = await Ledger.OpenAsync(args[0], new LedgerOptions
            {
                Types = new FactTypes(ShopJson.Default).Add<OrderPlaced>("order-placed"),
            });

            var receipt = await ledger.AppendAsync("orders/42", [new OrderPlaced("Ada", 129.90m)]);
            Console.WriteLine($"durable at position {receipt.LastPosition}");

            await foreach (var fact in ledger.ReadStreamAsync("orders/42"))
                Console.WriteLine($"{fact.Stream} v{fact.StreamVersion} {fact.Type} {fact.Value}");

            await Factstone.Tests.Samples.Tickets.TicketShop.RunAsync();

            public sealed record OrderPlaced(string Customer, decimal Total);

            [JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
            [JsonSerializable(typeof(OrderPlaced))]
            internal sealed partial class ShopJson : JsonSerializerContext;
            """, TestContext.Current.CancellationToken);

        // The ticket shop uses most of the API.
        var shop = Repository.Read("test/Factstone.Tests/Samples/TicketShop.cs").Replace("using Console = Factstone.Tests.Guide.Console;", "", StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(program, "TicketShop.cs"), shop, TestContext.Current.CancellationToken);
        const string Expected = """
            durable at position 1
            orders/42 v1 order-placed OrderPlaced { Customer = Ada, Total = 129.90 }
            5 of 8 orders are placed
            3 pages of orders
            ordered from London, lives in Paris, 2 versions
            paid once: True
            sales: 40
            cancelled as it was before the payment: False
            cancelled when paid: True
            seats sold again: True

            """;

        await PackedPackages.RestoreAsync(program);
        Assert.Equal(Expected, await PackedPackages.RunAsync(program, "dotnet", "run", "-c", "Release", "--", Path.Combine(packages.Root, "data")));

        var published = Path.Combine(packages.Root, "published");
        await PackedPackages.RestoreAsync(program, "-r", "linux-x64", "-p:SelfContained=true", "-p:PublishTrimmed=true");
        await PackedPackages.RunAsync(program, "dotnet", "publish", "-c", "Release", "-r", "linux-x64", "--self-contained", "-p:PublishTrimmed=true", "-p:TrimmerSingleWarn=false", "-o", published);
        Assert.Equal(Expected, await PackedPackages.RunAsync(published, Path.Combine(published, "Program"), Path.Combine(packages.Root, "data of the trimmed one")));
    }

    static HashSet<string> PublicTypes(byte[] assembly)
    {
        using var reader = new PEReader(new MemoryStream(assembly));
        var metadata = reader.GetMetadataReader();
        return [.. metadata.TypeDefinitions.Select(metadata.GetTypeDefinition).Where(type => IsPublic(metadata, type)).Select(type => NameOf(metadata, type))];
    }

    static bool IsPublic(MetadataReader metadata, TypeDefinition type)
    {
        var visibility = type.Attributes & System.Reflection.TypeAttributes.VisibilityMask;
        return type.GetDeclaringType() is { IsNil: false } outer
            ? visibility is System.Reflection.TypeAttributes.NestedPublic or System.Reflection.TypeAttributes.NestedFamily or System.Reflection.TypeAttributes.NestedFamORAssem && IsPublic(metadata, metadata.GetTypeDefinition(outer))
            : visibility == System.Reflection.TypeAttributes.Public;
    }

    static string NameOf(MetadataReader metadata, TypeDefinition type) => type.GetDeclaringType() is { IsNil: false } outer
        ? $"{NameOf(metadata, metadata.GetTypeDefinition(outer))}.{metadata.GetString(type.Name)}"
        : $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";

    static List<string> Friends(byte[] assembly)
    {
        using var reader = new PEReader(new MemoryStream(assembly));
        var metadata = reader.GetMetadataReader();
        var friends = new List<string>();
        foreach (var handle in metadata.GetAssemblyDefinition().GetCustomAttributes())
        {
            var attribute = metadata.GetCustomAttribute(handle);
            if (attribute.Constructor.Kind != HandleKind.MemberReference) continue;
            var type = (TypeReferenceHandle)metadata.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent;
            if (metadata.GetString(metadata.GetTypeReference(type).Name) != "InternalsVisibleToAttribute") continue;
            var blob = metadata.GetBlobReader(attribute.Value);
            _ = blob.ReadUInt16();
            friends.Add(blob.ReadSerializedString()!);
        }

        return friends;
    }
}
