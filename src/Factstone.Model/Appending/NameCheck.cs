using System.Buffers;

namespace Factstone;

/// <summary>What names, keys and other short texts may be: UTF-8 without control characters, of bounded length.</summary>
internal static class NameCheck
{
    static readonly SearchValues<char> Controls =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7F, 0x21)).Select(unit => (char)unit)]);

    /// <summary>Null, or what is wrong with a stream that somebody reads.</summary>
    public static string? ForReading(StreamName stream) => StoreForReading(stream.Store) ?? Text("The key", stream.Key, 0, FactLimits.KeyBytesMax);

    /// <summary>Null, or what is wrong with a stream that somebody appends to: names that start with '$' are Factstone's own.</summary>
    public static string? ForAppending(StreamName stream) =>
        IsOwn(stream.Store)
            ? $"The store '{stream.Store}' is Factstone's own, as are all that start with '$'. Choose another name."
            : ForReading(stream);

    /// <summary>Whether a store is Factstone's own, and so hidden from reads that do not name it.</summary>
    public static bool IsOwn(string store) => store is ['$', ..];

    /// <summary>The same of a store in UTF-8.</summary>
    public static bool IsOwn(ReadOnlySpan<byte> store) => store is [(byte)'$', ..];

    public static string? StoreForReading(string? store)
    {
        if (store is null) return "It names no stream. Write STORE/KEY, such as 'orders/42'.";
        if (store is "." or "..") return $"A store cannot be named '{store}'. Choose a name that is not a directory's.";
        if (store.Contains('/', StringComparison.Ordinal)) return $"The store '{Shown(store)}' holds a '/', which separates store and key.";
        return Text("The store", store, 1, FactLimits.StoreBytesMax);
    }

    /// <summary>Null, or what is wrong with a cell that somebody reads.</summary>
    public static string? ForReading(CellName cell) => BucketForReading(cell.Bucket) ?? Text("The name", cell.Name, 0, FactLimits.CellNameBytesMax);

    /// <summary>Null, or what is wrong with a cell that somebody writes: names that start with '$' are Factstone's own.</summary>
    public static string? ForAppending(CellName cell) =>
        cell.Bucket is ['$', ..]
            ? $"The bucket '{Shown(cell.Bucket)}' is Factstone's own, as are all that start with '$'. Choose another name."
            : ForReading(cell);

    public static string? BucketForReading(string? bucket)
    {
        if (bucket is null) return "It names no cell. Write BUCKET/NAME, such as 'settings/theme'.";
        if (bucket is "." or "..") return $"A bucket cannot be named '{bucket}'. Choose a name that is not a directory's.";
        if (bucket.Contains('/', StringComparison.Ordinal)) return $"The bucket '{Shown(bucket)}' holds a '/', which separates bucket and name.";
        return Text("The bucket", bucket, 1, FactLimits.BucketBytesMax);
    }

    public static string? Text(string what, string text, int bytesMin, int bytesMax)
    {
        // A text this short cannot be too long in UTF-8, so only its characters are looked at.
        var bytes = text.Length * 3 <= bytesMax && System.Text.Ascii.IsValid(text) ? text.Length : Utf8Order.ByteCount(text);
        if (bytes < 0) return $"{what} holds half of a surrogate pair, which UTF-8 cannot say.";
        if (bytes < bytesMin) return $"{what} is empty.";
        if (bytes > bytesMax) return $"{what} has {bytes:N0} bytes; at most {bytesMax:N0} are possible.";
        var control = text.AsSpan().IndexOfAny(Controls);
        return control < 0 ? null : $"{what} holds the control character U+{(int)text[control]:X4} at index {control}.";
    }

    /// <summary>Enough of a text to recognise it by.</summary>
    public static string Shown(string text) => text.Length <= 40 ? text : $"{text[..40]}…";
}
