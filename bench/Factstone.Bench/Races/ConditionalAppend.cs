using System.Text;

namespace Factstone.Bench;

/// <summary>One fact, and what must hold for it to be appended.</summary>
internal sealed class ConditionalAppend(int stream, byte[] payload) : TaskCompletionSource<ConditionalAnswer>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public int Stream => stream;

    public byte[] Payload => payload;

    /// <summary>The version that the stream must be at; null for any.</summary>
    public long? ExpectedVersion { get; init; }

    /// <summary>The fact's tags; no fact after <see cref="After"/> may have both.</summary>
    public IReadOnlyList<Tag> Tags { get; init; } = [];

    public long After { get; init; }

    /// <summary>Decided, and given when it is durable.</summary>
    public ConditionalAnswer Answer { get; set; }
}

/// <summary>What became of it.</summary>
/// <param name="IsAccepted">Whether it was appended.</param>
/// <param name="Version">Its version; or where the stream is.</param>
/// <param name="Position">Its position; 0 where it was not appended.</param>
internal readonly record struct ConditionalAnswer(bool IsAccepted, long Version, long Position);

/// <summary>A tag, in both forms beforehand.</summary>
internal sealed record Tag(string Text)
{
    public byte[] Utf8 { get; } = Encoding.UTF8.GetBytes(Text);
}
