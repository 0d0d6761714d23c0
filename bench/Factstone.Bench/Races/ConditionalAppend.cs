using System.Text;

namespace Factstone.Bench;

/// <summary>One fact, and the condition for its append.</summary>
internal sealed class ConditionalAppend(int stream, byte[] payload) : TaskCompletionSource<ConditionalAnswer>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public int Stream => stream;

    public byte[] Payload => payload;

    /// <summary>The version that the stream must have; null for any.</summary>
    public long? ExpectedVersion { get; init; }

    /// <summary>The fact's tags. No fact after <see cref="After"/> may have both.</summary>
    public IReadOnlyList<Tag> Tags { get; init; } = [];

    public long After { get; init; }

    /// <summary>The answer. It is set when it is decided, and returned when it is durable.</summary>
    public ConditionalAnswer Answer { get; set; }
}

/// <summary>The answer to a conditional append.</summary>
/// <param name="IsAccepted">Whether it was appended.</param>
/// <param name="Version">The version of the fact; if it was not appended, the version of the stream.</param>
/// <param name="Position">The position of the fact; 0 if it was not appended.</param>
internal readonly record struct ConditionalAnswer(bool IsAccepted, long Version, long Position);

/// <summary>A tag, encoded in advance in both forms.</summary>
internal sealed record Tag(string Text)
{
    public byte[] Utf8 { get; } = Encoding.UTF8.GetBytes(Text);
}
