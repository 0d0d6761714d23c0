using System.Globalization;

namespace Factstone.Cli.Output;

/// <summary>A number with its noun.</summary>
internal static class Counted
{
    /// <param name="number">The number.</param>
    /// <param name="what">The noun in the singular; the plural gets an s.</param>
    public static string Text(long number, string what) => string.Create(CultureInfo.InvariantCulture, $"{number:N0} {what}{(number == 1 ? "" : "s")}");
}
