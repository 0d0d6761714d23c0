namespace Factstone.Cli.Bench;

/// <summary>A window of appends in flight, for stores without one. Answers come in the order of sending.</summary>
internal sealed class InFlight(int max)
{
    readonly Queue<Task<long>> _sent = new(max);
    Action<long>? _answered;

    public async ValueTask SendAsync(Task<long> append, Action<long> answered)
    {
        _answered = answered;
        _sent.Enqueue(append);
        while (_sent.Count > max || (_sent.Count > 0 && _sent.Peek().IsCompleted)) answered(await _sent.Dequeue().ConfigureAwait(false));
    }

    public async ValueTask FlushAsync()
    {
        while (_sent.TryDequeue(out var append)) _answered!(await append.ConfigureAwait(false));
    }
}
