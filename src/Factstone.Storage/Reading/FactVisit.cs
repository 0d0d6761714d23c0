namespace Factstone.Storage;

/// <summary>Passes facts to a visitor in place. Mapped files stay mapped meanwhile; nothing else is held while the visitor runs.</summary>
internal sealed class FactVisit : IDisposable
{
    readonly ReaderGate _gate;
    readonly FileWindow? _window;
    readonly ReadingTools? _tools;
    readonly FactReader _reader;
    readonly FactVisitor _visitor;
    readonly CancellationToken _cancellationToken;

    /// <param name="gate">Admits the reader.</param>
    /// <param name="damage">Gets the damage that is found.</param>
    /// <param name="window">The buffer of a long read; null for a read of a few facts.</param>
    /// <param name="values">Gives facts their values.</param>
    /// <param name="visitor">Gets the facts.</param>
    /// <param name="cancellationToken">Ends the visit before the next fact.</param>
    public FactVisit(ReaderGate gate, DamageLog damage, FileWindow? window, FactValues? values, FactVisitor visitor, CancellationToken cancellationToken)
    {
        gate.EnterPinned();
        _gate = gate;
        _window = window;
        if (window is null) _tools = ReadingTools.Take(damage, values);
        _reader = _tools?.Reader ?? new FactReader(damage, window!, values);
        _visitor = visitor;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Passes on the fact at a location, if it matches; false if the visitor wants no more.</summary>
    public bool At(in FactLocation location, FactQuery? onlyWhere)
    {
        _cancellationToken.ThrowIfCancellationRequested();
        var fact = View(location);
        var goesOn = (onlyWhere is not null && !onlyWhere.Matches(fact)) || _visitor.Visit(fact);
        GC.KeepAlive(_reader);
        return goesOn;
    }

    public void Dispose()
    {
        _gate.Leave();
        _window?.Dispose();
        _tools?.Dispose();
    }

    FactView View(in FactLocation location)
    {
        if (location.Segment is not { } segment || _reader.Holds(segment))
        {
            _gate.ThrowIfClosed();
            return _reader.View(location);
        }

        // The file must not be closed during the read. What was read stays in the window, and what is mapped is held.
        using var reading = _gate.Enter();
        return _reader.View(location);
    }
}
