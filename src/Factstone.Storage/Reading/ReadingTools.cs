namespace Factstone.Storage;

/// <summary>The reader and the buffer of a read of a few facts. A thread keeps them from one read to the next, so that such a read allocates nothing but its result.</summary>
internal sealed class ReadingTools : IDisposable
{
    [ThreadStatic]
    static ReadingTools? _kept;

    readonly FileWindow _window = new(bytesMin: 2 * 1_024, bytesMax: 256 * 1_024);

    ReadingTools() => Reader = new FactReader(_window);

    public FactReader Reader { get; }

    /// <summary>For bytes that are not mapped.</summary>
    public FileWindow Window => _window;

    /// <summary>The tools of this thread. A read within a read gets its own.</summary>
    public static ReadingTools Take(DamageLog damage, FactValues? values)
    {
        var tools = _kept ?? new ReadingTools();
        _kept = null;
        tools.Reader.Begin(damage, values);
        return tools;
    }

    public void Dispose()
    {
        Reader.End();
        _window.Dispose();
        _kept = this;
    }
}
