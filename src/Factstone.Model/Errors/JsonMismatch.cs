using System.Text.Json;

namespace Factstone;

/// <summary>Says why JSON does not become a value.</summary>
internal static class JsonMismatch
{
    /// <summary>The place in the JSON, if it is known, and the reason; without a full stop.</summary>
    /// <remarks>The framework names the type of the whole value and a line and a byte, and keeps the reason in the inner exception.</remarks>
    public static string Describe(Exception failure)
    {
        var reason = (failure is JsonException { Path: not null } ? failure.InnerException ?? failure : failure).Message;
        if (failure is not JsonException { Path: { } path }) return reason.TrimEnd('.');
        var end = reason.IndexOf(" Path: ", StringComparison.Ordinal);
        if (end > 0) reason = reason[..end];
        return $"at {path}, {char.ToLowerInvariant(reason[0])}{reason[1..].TrimEnd('.')}";
    }
}
