using System.Diagnostics.CodeAnalysis;

namespace Factstone;

/// <summary>A value, and the JSON under which it is stored: for <see cref="FactTypes.Verify"/>.</summary>
/// <param name="Value">A value of a registered type.</param>
/// <param name="Json">Its JSON, or that of an older schema version that becomes the value.</param>
/// <param name="SchemaVersion">The schema version of the JSON, from 1; null for the present one.</param>
public sealed record FactSample(object Value, [StringSyntax(StringSyntaxAttribute.Json)] string Json, long? SchemaVersion = null);
