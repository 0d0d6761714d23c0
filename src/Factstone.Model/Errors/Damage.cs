namespace Factstone;

/// <summary>One place where durable bytes are not what was written.</summary>
/// <param name="File">The file.</param>
/// <param name="FileOffset">Bytes from its beginning.</param>
/// <param name="FirstPosition">The first fact that it touches; none where it touches no fact.</param>
/// <param name="LastPosition">The last fact that it touches.</param>
/// <param name="What">What is wrong, as a sentence.</param>
public sealed record Damage(string File, long FileOffset, Position FirstPosition, Position LastPosition, string What)
{
    /// <summary>File, offset, positions and what is wrong.</summary>
    public override string ToString() =>
        $"{File} at offset {FileOffset}{(FirstPosition == Position.None ? "" : FirstPosition == LastPosition ? $", position {FirstPosition}" : $", positions {FirstPosition} to {LastPosition}")}: {What}";
}
