namespace Factstone;

/// <summary>Adds the next fact to a state.</summary>
/// <param name="state">The result of the facts before; changed in place.</param>
/// <param name="fact">The next fact; it and its spans are valid until this returns.</param>
/// <returns>True to continue; false to end here, with the state as it is now.</returns>
public delegate bool FactFolder<TState>(ref TState state, in FactView fact);

/// <summary>Receives facts from a storage, one after the other.</summary>
internal abstract class FactVisitor
{
    /// <summary>The next fact; returns false to receive no more.</summary>
    public abstract bool Visit(in FactView fact);
}
