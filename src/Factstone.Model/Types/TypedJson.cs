using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Factstone;

/// <summary>Writes and reads the values of one type as JSON, for records and key/value entries.</summary>
internal sealed class TypedJson<T>(JsonTypeInfo<T> json) where T : notnull
{
    /// <summary>The JSON of a value, in UTF-8.</summary>
    /// <param name="value">The value.</param>
    /// <param name="target">What it is written to, for the message.</param>
    /// <exception cref="FactTypesException">The value cannot be written as JSON that can be read back.</exception>
    public byte[] Write(T value, string target)
    {
        ArgumentNullException.ThrowIfNull(value);
        byte[] written;
        try
        {
            written = JsonSerializer.SerializeToUtf8Bytes(value, json);
        }
        catch (Exception failure) when (failure is JsonException or NotSupportedException or InvalidOperationException or ArgumentException)
        {
            throw new FactTypesException($"A {typeof(T)} cannot be written as JSON to {target}: {failure.Message}", failure);
        }

        if (JsonCheck.Check(written) is not JsonFault.None and var fault)
            throw new FactTypesException($"A {typeof(T)} is written as text that is refused, to {target}. {JsonCheck.Describe(written, fault)}");
        if (written.AsSpan().SequenceEqual("null"u8))
            throw new FactTypesException($"A {typeof(T)} is written as null to {target}, and null does not become a {typeof(T)} again.");
        return written;
    }

    /// <exception cref="Exception">The JSON does not become a value. What a converter throws is thrown as it is.</exception>
    public T Read(ReadOnlySpan<byte> stored)
    {
        if (stored.IsEmpty) throw new JsonException("it is empty");
        return JsonSerializer.Deserialize(stored, json) ?? throw new JsonException("it is null");
    }

    /// <summary>Whether stored JSON is the same value as JSON that <see cref="Write"/> has made: as it is stored, or as it would be written now.</summary>
    /// <remarks>The second comparison is needed after the type has changed. The value of a caller who has read it would otherwise never equal the stored one.</remarks>
    public bool IsSame(ReadOnlySpan<byte> stored, ReadOnlySpan<byte> expected)
    {
        if (AreEqual(stored, expected)) return true;
        try
        {
            return AreEqual(JsonSerializer.SerializeToUtf8Bytes(Read(stored), json), expected);
        }
        catch (Exception)
        {
            return false; // what does not become a value equals none
        }
    }

    /// <summary>Whether two texts have the same canonical form, and their numbers are exactly equal. In the canonical form, a number with a fraction is a double: 12345678901234567.89 and 12345678901234567.90 are one.</summary>
    static bool AreEqual(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (a.SequenceEqual(b)) return true;
        if (!CanonicalJson.AreEqual(a, b)) return false;
        try
        {
            return JsonElement.DeepEquals(Parse(a), Parse(b));
        }
        catch (ArgumentOutOfRangeException)
        {
            return false; // the exponent of a number is too large to be compared
        }
    }

    static JsonElement Parse(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = JsonCheck.DepthMax });
        return JsonElement.ParseValue(ref reader);
    }
}
