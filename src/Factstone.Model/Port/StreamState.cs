namespace Factstone;

/// <summary>The last fact of a stream at some position.</summary>
internal readonly record struct StreamState(StreamVersion Version, Position Position, bool IsRetracted)
{
    public bool HasValue => Version > StreamVersion.None && !IsRetracted;
}
