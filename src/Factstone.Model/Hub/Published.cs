using System.Diagnostics.CodeAnalysis;

namespace Factstone;

/// <summary>A committed append whose facts are passed on to the subscribers of a hub.</summary>
/// <param name="receipt">Its positions.</param>
/// <param name="context">The context of the publisher, which its callbacks get: the activity of a trace, for example. Null if its flow is suppressed.</param>
/// <param name="tree">The publish that waits for it; null if none does.</param>
internal sealed class Published(AppendReceipt receipt, ExecutionContext? context, PublishTree? tree)
{
    readonly TaskCompletionSource _passedOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Position First => receipt.FirstPosition;

    public Position Last => receipt.LastPosition;

    public ExecutionContext? Context => context;

    public PublishTree? Tree => tree;

    /// <summary>Completes when the callbacks of its facts have ended, or are reported.</summary>
    public Task PassedOn => _passedOn.Task;

    public void End() => _passedOn.TrySetResult();
}

/// <summary>A publish and those that its callbacks made. The outermost one waits for all.</summary>
internal sealed class PublishTree
{
    readonly Queue<Published> _waiting = [];

    public void Add(Published published)
    {
        lock (_waiting) _waiting.Enqueue(published);
    }

    public bool TryTake([NotNullWhen(true)] out Published? published)
    {
        lock (_waiting) return _waiting.TryDequeue(out published);
    }
}

/// <summary>A callback that runs. A publish within it does not wait for callbacks, because they come after this one.</summary>
internal sealed class CallbackScope(PublishTree? tree)
{
    volatile PublishTree? _tree = tree;
    volatile bool _hasEnded;

    /// <summary>The publish that waits for those of the callback; null if none does.</summary>
    public PublishTree? Tree => _tree;

    /// <summary>The callback has taken too long. No publish waits for those that it still makes.</summary>
    public void BecomeLate() => _tree = null;

    public bool HasEnded => _hasEnded;

    public void End() => _hasEnded = true;
}
