namespace Factstone;

/// <summary>One place where durable bytes differ from what was written.</summary>
/// <param name="File">The path of the file.</param>
/// <param name="FileOffset">Bytes from the beginning of the file.</param>
/// <param name="FirstPosition">The first affected fact; 0 if no fact is affected.</param>
/// <param name="LastPosition">The last affected fact; 0 if no fact is affected.</param>
/// <param name="What">What is wrong, as a sentence.</param>
public sealed record Damage(string File, long FileOffset, Position FirstPosition, Position LastPosition, string What)
{
    /// <summary>File, offset, positions and what is wrong.</summary>
    public override string ToString() =>
        $"{File} at offset {FileOffset}{(FirstPosition == Position.None ? "" : FirstPosition == LastPosition ? $", position {FirstPosition}" : $", positions {FirstPosition} to {LastPosition}")}: {What}";
}
