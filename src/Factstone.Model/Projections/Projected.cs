namespace Factstone;

/// <summary>A state, and up to where facts were folded into it.</summary>
/// <param name="State">The state.</param>
/// <param name="Position">Every fact of the source up to this position is in the state; 0 for none. It can be the position after which a condition by query looks.</param>
/// <param name="Version">The version of the stream up to which its facts are in the state, for a condition on the stream; 0 if it has none, or if the source is a query.</param>
public sealed record Projected<TState>(TState State, Position Position, StreamVersion Version)
{
    /// <summary>The stream; null if the source is a query, or before the first fold.</summary>
    public StreamName? Stream { get; init; }

    /// <summary>The group of a kept projection; null without groups.</summary>
    public string? Key { get; init; }

    /// <summary>The version of the kept projection that has answered; 0 if the state was folded by the read itself. It is a lower one than was asked for as long as that is built.</summary>
    public int ProjectionVersion { get; init; }
}
