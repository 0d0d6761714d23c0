namespace Factstone.Storage;

/// <summary>Passes facts to a visitor in place. Mapped files stay mapped meanwhile; nothing else is held while the visitor runs.</summary>
internal sealed class FactVisit : IDisposable
{
    readonly ReaderGate _gate;
    readonly FileWindow _window;
    readonly FactReader _reader;
    readonly FactVisitor _visitor;
    readonly CancellationToken _cancellationToken;

    public FactVisit(ReaderGate gate, DamageLog damage, FileWindow window, FactTypes? types, FactVisitor visitor, CancellationToken cancellationToken)
    {
        gate.EnterPinned();
        _gate = gate;
        _window = window;
        _reader = new FactReader(damage, window, types);
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
        _window.Dispose();
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
