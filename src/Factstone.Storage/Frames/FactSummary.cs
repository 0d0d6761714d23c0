namespace Factstone.Storage;

/// <summary>What is known of a fact in a frame without its payload, for an inspection of a file.</summary>
internal sealed record FactSummary
{
    public required long FileOffset { get; init; }

    public required Position Position { get; init; }

    public required StreamName Stream { get; init; }

    public required StreamVersion StreamVersion { get; init; }

    public required string? Type { get; init; }

    public required bool Retracts { get; init; }

    public required int HeaderBytes { get; init; }

    public required int MetadataBytes { get; init; }

    public required int PayloadBytes { get; init; }

    /// <summary>Whether salt, metadata and payload are as they were written.</summary>
    public required bool IsWhole { get; init; }

    /// <summary>The facts of a frame, up to the first whose header is damaged: then the offset of the next one is unknown.</summary>
    public static IReadOnlyList<FactSummary> Of(FrameReader reader, in FrameHeader frame)
    {
        var bytes = reader.Bytes(frame);
        var facts = new List<FactSummary>();
        var at = frame.HeaderBytes;
        for (var i = 0; i < frame.FactCount && at < bytes.Length; i++)
        {
            var status = FactFormat.TryRead(bytes[at..], reader.Segment.Seed, out var extent, out var header);
            if (status == FactStatus.HeaderDamaged) break;
            facts.Add(new FactSummary
            {
                FileOffset = frame.FileOffset + at,
                Position = header.Position,
                Stream = header.Stream,
                StreamVersion = header.StreamVersion,
                Type = header.Type,
                Retracts = header.Retracts,
                HeaderBytes = extent.HeaderLength,
                MetadataBytes = extent.MetadataLength,
                PayloadBytes = extent.PayloadLength,
                IsWhole = status == FactStatus.Whole,
            });
            at += extent.Length;
        }

        return facts;
    }
}
