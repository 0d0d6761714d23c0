using System.Text.Json.Serialization.Metadata;

namespace Factstone;

/// <summary>Opens a bucket of a ledger as key/value entries.</summary>
public static class KeyValueExtensions
{
    /// <summary>The entries of a bucket.</summary>
    /// <typeparam name="T">The type of the values.</typeparam>
    /// <param name="ledger">The ledger.</param>
    /// <param name="bucket">The bucket, 1..128 bytes. It need not exist.</param>
    /// <param name="json">The source-generated JSON of the values.</param>
    /// <exception cref="ArgumentException">No bucket can have this name, or it starts with <c>$</c>, which is reserved.</exception>
    public static KeyValue<T> KeyValue<T>(this ILedger ledger, string bucket, JsonTypeInfo<T> json) where T : notnull => new(ledger, bucket, json);
}
