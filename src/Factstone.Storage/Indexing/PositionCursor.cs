namespace Factstone.Storage;

/// <summary>Goes through the positions of a term in one direction, and can leap ahead in it.</summary>
/// <remarks>Threads: one at a time. Stays within the range that it was opened for.</remarks>
internal abstract class PositionCursor
{
    /// <summary>Where it stands; <see cref="Position.None"/> behind the last one. It begins at the first.</summary>
    public abstract Position Current { get; }

    /// <summary>Goes to the next position.</summary>
    public abstract void MoveNext();

    /// <summary>Goes to the first position that is at <paramref name="position"/> or beyond it in its direction; stays where it is if it is there already.</summary>
    public abstract void MoveTo(Position position);
}
