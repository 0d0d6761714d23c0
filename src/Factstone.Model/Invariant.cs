using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Factstone;

/// <summary>Conditions that hold if our own code is correct; checked in Release too. Bytes from a disk or a caller are never asserted.</summary>
internal static class Invariant
{
    public static void Holds([DoesNotReturnIf(false)] bool condition, [CallerArgumentExpression(nameof(condition))] string rule = "")
    {
        if (!condition) Throw(rule);
    }

    [DoesNotReturn]
    static void Throw(string rule) => throw new InvariantException(rule);
}

/// <summary>Our own code broke one of its rules: a defect in Factstone.</summary>
internal sealed class InvariantException(string rule) : InvalidOperationException($"Factstone broke a rule of its own: {rule}. Please report this; what was acknowledged is on the disk.");
