namespace Factstone.Cli.Output;

/// <summary>Reports the progress of an operation on standard error, once it takes longer than a second.</summary>
/// <remarks>On a terminal one line is overwritten ten times a second; elsewhere a line comes every five seconds.</remarks>
internal sealed class Progress : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    readonly TimeSpan _waitStep = TimeSpan.FromMilliseconds(250);
    readonly StandardError _error;
    readonly TimeProvider _clock;
    readonly TimeSpan _interval;
    readonly long _started;
    readonly Lock _gate = new();
    long _lastShown;
    bool _hasShown;

    public Progress(CliHost host)
    {
        _error = host.Error;
        _clock = host.TimeProvider;
        _interval = _error.IsTerminal ? TimeSpan.FromMilliseconds(100) : TimeSpan.FromSeconds(5);
        _started = _clock.GetTimestamp();
    }

    public TimeSpan Elapsed => _clock.GetElapsedTime(_started);

    /// <summary>Shows a status if it is time to. The text is created only then.</summary>
    public void Report(Func<string> status)
    {
        lock (_gate)
        {
            if (Elapsed < Patience || (_hasShown && _clock.GetElapsedTime(_lastShown) < _interval)) return;
            _lastShown = _clock.GetTimestamp();
            _hasShown = true;
            _error.Show(status());
        }
    }

    /// <summary>Waits for a task, and shows the status if that takes long.</summary>
    public async Task<T> WaitAsync<T>(Task<T> task, string status)
    {
        while (await Task.WhenAny(task, Task.Delay(_waitStep, CancellationToken.None)) != task) Report(() => status);
        return await task;
    }

    public void Dispose()
    {
        if (_hasShown && _error.IsTerminal) _error.Clear();
    }
}
