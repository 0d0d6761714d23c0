namespace Factstone;

/// <summary>Whether an append was accepted, and at which positions, for appends that were decided on top of it before it was durable.</summary>
/// <remarks>Threads: the writer writes it when it decides the append, and again when the group fails. Any thread reads it.</remarks>
internal sealed class AppendAcceptance
{
    long _first;
    long _last;

    /// <summary>The position of its last fact; none before the append is accepted, and for an append without facts. Not valid after it failed.</summary>
    public Position Last => new(Volatile.Read(ref _last));

    /// <summary>Whether the append was accepted and has not failed.</summary>
    public bool IsAccepted => Volatile.Read(ref _first) > 0;

    /// <summary>Records that the append was accepted.</summary>
    public void Accept(AppendReceipt receipt)
    {
        Volatile.Write(ref _last, receipt.LastPosition.Value);
        Volatile.Write(ref _first, receipt.FirstPosition.Value);
    }

    /// <summary>Records that nothing of the append was written.</summary>
    public void Fail() => Volatile.Write(ref _first, 0);

    /// <summary>Whether a position is one of its facts.</summary>
    public bool Contains(Position position) => IsAccepted && position.Value >= Volatile.Read(ref _first) && position <= Last;
}
