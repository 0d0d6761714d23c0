namespace Factstone;

/// <summary>What a decision led to. Everything in it is durable.</summary>
/// <typeparam name="TState">The state of the projection.</typeparam>
/// <param name="State">The state after the decision.</param>
/// <param name="Version">The version of the stream with the decision; 0 if the source is a query.</param>
/// <param name="Receipt">The receipt of the append; null if nothing was decided.</param>
/// <param name="Attempts">How often an append was sent; 0 if none was.</param>
public sealed record Decided<TState>(TState State, StreamVersion Version, AppendReceipt? Receipt, int Attempts)
{
    /// <summary>Whether an append with the given append id was committed before, so that nothing was decided now. The receipt is that append's.</summary>
    public bool IsRepeat { get; init; }
}
