using System.Globalization;

namespace Factstone.Cli.Output;

/// <summary>How many there are of something.</summary>
internal static class Counted
{
    /// <param name="number">How many.</param>
    /// <param name="what">What one of them is called; the others get an s.</param>
    public static string Text(long number, string what) => string.Create(CultureInfo.InvariantCulture, $"{number:N0} {what}{(number == 1 ? "" : "s")}");
}
