namespace Factstone.Storage;

/// <summary>Visits the positions of a term in one direction, and can skip forward in that direction.</summary>
/// <remarks>Threads: one at a time. It stays within the range that it was opened for.</remarks>
internal abstract class PositionCursor
{
    /// <summary>The current position, at first the first one; <see cref="Position.None"/> after the last one.</summary>
    public abstract Position Current { get; }

    /// <summary>Moves to the next position.</summary>
    public abstract void MoveNext();

    /// <summary>Moves to the first position that is at <paramref name="position"/> or beyond it in the cursor's direction; does not move if it is already there.</summary>
    public abstract void MoveTo(Position position);
}
