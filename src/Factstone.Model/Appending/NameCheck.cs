using System.Buffers;

namespace Factstone;

/// <summary>The rules for names, keys and other short texts: UTF-8 without control characters, of bounded length.</summary>
internal static class NameCheck
{
    static readonly SearchValues<char> Controls =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7F, 0x21)).Select(unit => (char)unit)]);

    /// <summary>What is wrong with the name of a stream that is read; null if nothing is.</summary>
    public static string? ForReading(StreamName stream) => StoreForReading(stream.Store) ?? Text("The key", stream.Key, 0, FactLimits.KeyBytesMax);

    /// <summary>What is wrong with the name of a stream that is appended to; null if nothing is. Names that start with '$' are reserved.</summary>
    public static string? ForAppending(StreamName stream) =>
        IsOwn(stream.Store)
            ? $"The store '{stream.Store}' is reserved: names that start with '$' belong to Factstone. Choose another name."
            : ForReading(stream);

    /// <summary>Whether a store is reserved for Factstone, and so hidden from reads that do not name it.</summary>
    public static bool IsOwn(string store) => store is ['$', ..];

    /// <summary>The same for a store in UTF-8.</summary>
    public static bool IsOwn(ReadOnlySpan<byte> store) => store is [(byte)'$', ..];

    public static string? StoreForReading(string? store)
    {
        if (store is null) return "It names no stream. Write STORE/KEY, such as 'orders/42'.";
        if (store is "." or "..") return $"A store cannot be named '{store}'. Choose a name that does not mean a directory.";
        if (store.Contains('/', StringComparison.Ordinal)) return $"The store '{Shown(store)}' contains a '/', which separates store and key.";
        return Text("The store", store, 1, FactLimits.StoreBytesMax);
    }

    /// <summary>What is wrong with the name of a cell that is read; null if nothing is.</summary>
    public static string? ForReading(CellName cell) => BucketForReading(cell.Bucket) ?? Text("The name", cell.Name, 0, FactLimits.CellNameBytesMax);

    /// <summary>What is wrong with the name of a cell that is written; null if nothing is. Names that start with '$' are reserved.</summary>
    public static string? ForAppending(CellName cell) =>
        cell.Bucket is ['$', ..]
            ? $"The bucket '{Shown(cell.Bucket)}' is reserved: names that start with '$' belong to Factstone. Choose another name."
            : ForReading(cell);

    public static string? BucketForReading(string? bucket)
    {
        if (bucket is null) return "It names no cell. Write BUCKET/NAME, such as 'settings/theme'.";
        if (bucket is "." or "..") return $"A bucket cannot be named '{bucket}'. Choose a name that does not mean a directory.";
        if (bucket.Contains('/', StringComparison.Ordinal)) return $"The bucket '{Shown(bucket)}' contains a '/', which separates bucket and name.";
        return Text("The bucket", bucket, 1, FactLimits.BucketBytesMax);
    }

    public static string? Text(string what, string text, int bytesMin, int bytesMax)
    {
        // A text this short cannot be too long in UTF-8, so only its characters are checked.
        var bytes = text.Length * 3 <= bytesMax && System.Text.Ascii.IsValid(text) ? text.Length : Utf8Order.ByteCount(text);
        if (bytes < 0) return $"{what} contains half of a surrogate pair, which UTF-8 cannot encode.";
        if (bytes < bytesMin) return $"{what} is empty.";
        if (bytes > bytesMax) return $"{what} has {bytes:N0} bytes; at most {bytesMax:N0} are possible.";
        var control = text.AsSpan().IndexOfAny(Controls);
        return control < 0 ? null : $"{what} contains the control character U+{(int)text[control]:X4} at index {control}.";
    }

    /// <summary>The beginning of a text, for messages.</summary>
    public static string Shown(string text) => text.Length <= 40 ? text : $"{text[..40]}…";

    /// <summary>The beginning of a text from outside, for messages: without control characters, which could forge a line of a log.</summary>
    public static string Shown(ReadOnlySpan<char> text)
    {
        Span<char> shown = stackalloc char[Math.Min(text.Length, 40)];
        text[..shown.Length].CopyTo(shown);
        foreach (ref var unit in shown)
            if (char.IsControl(unit) || char.IsSurrogate(unit)) unit = '\uFFFD';
        return text.Length > shown.Length ? $"{shown}…" : shown.ToString();
    }
}
