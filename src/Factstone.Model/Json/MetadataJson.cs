namespace Factstone;

/// <summary>The two JSON texts beside a payload: metadata, an object of strings; and the producer, an object of any kind.</summary>
internal static class MetadataJson
{
    public const int MetadataBytesMax = 16 * 1024;
    public const int ProducerBytesMax = 4 * 1024;

    /// <summary>Whether a text can be the metadata of a fact: an object, all of whose values are strings.</summary>
    public static JsonFault CheckMetadata(ReadOnlySpan<byte> utf8) => Check(utf8, MetadataBytesMax, JsonShape.ObjectOfText);

    /// <summary>Whether a text can be the producer of a fact: an object.</summary>
    public static JsonFault CheckProducer(ReadOnlySpan<byte> utf8) => Check(utf8, ProducerBytesMax, JsonShape.Object);

    /// <summary>A sentence about a fault of metadata.</summary>
    public static string DescribeMetadata(ReadOnlySpan<byte> utf8, JsonFault fault) =>
        "Metadata must be a JSON object whose values are all strings. " + Describe(utf8, fault, MetadataBytesMax);

    /// <summary>A sentence about a fault of a producer.</summary>
    public static string DescribeProducer(ReadOnlySpan<byte> utf8, JsonFault fault) =>
        "The producer must be a JSON object. " + Describe(utf8, fault, ProducerBytesMax);

    static JsonFault Check(ReadOnlySpan<byte> utf8, int bytesMax, JsonShape shape) =>
        utf8.Length > bytesMax ? JsonFault.TooLong : JsonCheck.Check(utf8, shape);

    static string Describe(ReadOnlySpan<byte> utf8, JsonFault fault, int bytesMax) => fault == JsonFault.TooLong
        ? $"It has {utf8.Length} bytes; the most is {bytesMax}."
        : JsonCheck.Describe(utf8, fault);
}
