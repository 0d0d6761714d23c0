using Factstone.Cli.Output;
using Spectre.Console;

namespace Factstone.Cli.Demo;

/// <summary>The output of the demo: headings, lines and bars that fit 80 columns; colours on a terminal, plain text elsewhere.</summary>
internal sealed class DemoPage(IAnsiConsole console)
{
    public const int Columns = 80;

    const string Indent = "  ";

    public void Heading(string text)
    {
        Space();
        console.MarkupLine($"[bold]{Markup.Escape(TextFit.Fit(text, Columns))}[/]");
    }

    public void Line(string text) => console.MarkupLine(Indent + Markup.Escape(TextFit.Fit(text, Columns - Indent.Length)));

    public void Dim(string text) => console.MarkupLine($"{Indent}[grey]{Markup.Escape(TextFit.Fit(text, Columns - Indent.Length))}[/]");

    /// <summary>Something that succeeded.</summary>
    public void Good(string text) => console.MarkupLine($"{Indent}[green]{Markup.Escape(TextFit.Fit(text, Columns - Indent.Length))}[/]");

    /// <summary>Something that was refused.</summary>
    public void Refused(string text) => console.MarkupLine($"{Indent}[yellow]{Markup.Escape(TextFit.Fit(text, Columns - Indent.Length))}[/]");

    /// <summary>A line to type.</summary>
    public void Command(string line) => console.MarkupLine($"{Indent}[cyan]{Markup.Escape(TextFit.Clean(line))}[/]");

    public void Space() => console.WriteLine();

    /// <summary>A bar for a number among others; a positive number always gets a bar.</summary>
    public static string Bar(long value, long largest, int columns) => value <= 0 ? "" : new string('█', (int)Math.Max(1, value * columns / Math.Max(1, largest)));
}
