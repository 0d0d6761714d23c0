using System.Globalization;

namespace Factstone.Tests.Guide;

/// <summary>Takes the place of <see cref="System.Console"/> in the code of guides and samples, and keeps the lines for the test that runs it.</summary>
/// <remarks>The lines belong to the calls below <see cref="Capture"/>, so tests can run at the same time.</remarks>
internal static class Console
{
    static readonly AsyncLocal<List<string>?> Lines = new();

    /// <summary>The lines that are written from now on by this test.</summary>
    public static IReadOnlyList<string> Capture() => Lines.Value = [];

    public static void WriteLine(object? value)
    {
        var lines = Lines.Value ?? throw new InvalidOperationException("The test has not called Console.Capture().");
        lock (lines) lines.Add(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
    }
}
