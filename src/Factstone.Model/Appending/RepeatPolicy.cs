namespace Factstone;

/// <summary>When an append whose <see cref="AppendRequest.AppendId"/> was used before is a repeat of the first one. The policy of the later append decides; it is not stored.</summary>
public enum RepeatPolicy
{
    /// <summary>If it has the same content: <see cref="AppendOutcome.Duplicate"/>. With other content it is <see cref="AppendOutcome.AppendIdReused"/>. The default.</summary>
    /// <remarks>
    /// <para>The number of facts and cells is compared; of each fact the stream, type, tags (in any order), valid times, schema version,
    /// retraction, content type and payload; of each cell the name, the value, and whether it is deleted. Two JSON payloads are equal if
    /// their canonical forms (RFC 8785) are: white space, the order of members, escapes, and <c>1.0</c> for <c>1</c> make no difference.
    /// An integer keeps its digits, also beyond ±2^53. Everything else is compared byte for byte, values of cells included.</para>
    /// <para>Conditions, metadata, correlation, causation, producer and derivation are not compared, because a retry may have new ones.</para>
    /// </remarks>
    SameContent = 0,

    /// <summary>Always, whatever it contains: <see cref="AppendOutcome.Duplicate"/>, with the difference in <see cref="AppendOutcome.Duplicate.Difference"/>. For ids that are not the caller's own, such as the event id of a webhook.</summary>
    SameId = 1,
}
