namespace Factstone.Tests.Guide;

/// <summary>The code in the guides is code of these tests, line by line. So it compiles, and the tests around it run it.</summary>
public sealed class GuideTests
{
    const string Guides = "docs/guide";
    const string Tests = "test/Factstone.Tests/Guide";

    public static TheoryData<string> Names => [.. Directory.GetFiles(Path.Combine(Repository.Root, Guides), "*.md").Select(static path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_block_of_a_guide_is_code_of_a_test(string guide) => EachBlockIsCode($"{Guides}/{guide}");

    [Fact]
    public void Every_block_of_the_readme_is_code_of_a_test() => EachBlockIsCode("README.md");

    static void EachBlockIsCode(string document)
    {
        var sources = Directory.GetFiles(Path.Combine(Repository.Root, Tests), "*.cs").Select(static path => File.ReadAllLines(path)).ToList();

        foreach (var block in CodeBlocks.Of(Repository.Read(document), "csharp"))
            Assert.True(sources.Exists(source => CodeBlocks.Contains(source, block)), $"{document}: no file of {Tests} has the lines of the block that begins with: {block[0]}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_readme_names_every_guide(string guide) => Assert.Contains($"({Guides}/{guide})", Repository.Read("README.md"), StringComparison.Ordinal);

    [Theory]
    [InlineData("if (a)|    b();||c();", true)]
    [InlineData("        if (a)|            b();||        c();", true)]
    [InlineData("{|    if (a)|        b();||    c();|}", true)]
    [InlineData("if (a)|    b();||d();", false)]
    [InlineData("if (a)|    b();|c();", false)]
    [InlineData("if (a)|b();||c();", false)]
    [InlineData("else if (a)|    b();||c();", false)]
    [InlineData("if (a)|    b();|", false)]
    public void A_block_is_found_only_as_it_is(string source, bool isThere) =>
        Assert.Equal(isThere, CodeBlocks.Contains(source.Split('|'), ["if (a)", "    b();", "", "c();"]));

    [Fact]
    public void The_blocks_of_a_language_are_found()
    {
        var blocks = CodeBlocks.Of("# Title\n```csharp\na();\n\nb();\n```\ntext\n```text\nc\n```\n```csharp\nd();\n```", "csharp");

        Assert.Equal([["a();", "", "b();"], ["d();"]], blocks);
    }
}
