namespace Factstone;

/// <summary>A fold asked a fact that is not durable yet for its position, time or id. <c>DecideAsync</c> waits until the fact is durable, and folds again.</summary>
/// <remarks>It ends the fold. A step may swallow it, so that the fold is also marked: a thread folds one projection at a time.</remarks>
internal sealed class FactNotDurableException() : Exception("The fact is not durable yet, so it has no position, time or id.")
{
    [ThreadStatic]
    static bool _wasAsked;

    /// <summary>Whether a fact was asked on this thread since the mark was taken.</summary>
    public static bool IsMarked => _wasAsked;

    /// <summary>Marks the fold of this thread.</summary>
    public static FactNotDurableException Create()
    {
        Mark();
        return new FactNotDurableException();
    }

    /// <summary>Marks the fold of this thread, for an answer that is another one when the fact is durable.</summary>
    public static void Mark() => _wasAsked = true;

    /// <summary>The same, and takes the mark.</summary>
    public static bool TakeMark()
    {
        var wasAsked = _wasAsked;
        _wasAsked = false;
        return wasAsked;
    }
}
