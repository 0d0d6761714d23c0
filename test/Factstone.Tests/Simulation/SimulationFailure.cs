using System.Runtime.CompilerServices;

namespace Factstone.Tests.Simulation;

/// <summary>The ledger broke one of its guarantees.</summary>
internal sealed class SimulationFailure(string what, Exception? cause = null) : Exception(what, cause)
{
    public static void When(bool isWrong, string what)
    {
        if (isWrong) throw new SimulationFailure(what);
    }

    /// <summary>Formats the message only if the condition is true.</summary>
    public static void When(bool isWrong, [InterpolatedStringHandlerArgument(nameof(isWrong))] ref Explanation what)
    {
        if (isWrong) throw new SimulationFailure(what.ToString());
    }

    /// <summary>A message that is formatted only on failure.</summary>
    [InterpolatedStringHandler]
    internal ref struct Explanation
    {
        DefaultInterpolatedStringHandler _text;

        public Explanation(int literalLength, int formattedCount, bool isWrong, out bool isNeeded)
        {
            isNeeded = isWrong;
            if (isWrong) _text = new DefaultInterpolatedStringHandler(literalLength, formattedCount);
        }

        public void AppendLiteral(string text) => _text.AppendLiteral(text);

        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        public void AppendFormatted(object? value) => _text.AppendFormatted(value);

        public void AppendFormatted<T>(T value, string? format) => _text.AppendFormatted(value, format);

        public override string ToString() => _text.ToStringAndClear();
    }
}
