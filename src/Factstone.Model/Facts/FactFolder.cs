namespace Factstone;

/// <summary>Takes the next fact into a state.</summary>
/// <param name="state">What came of the facts before; changed in place.</param>
/// <param name="fact">The next fact; it and its spans are valid until this returns.</param>
/// <returns>True to go on; false to end here, with the state as it is now.</returns>
public delegate bool FactFolder<TState>(ref TState state, in FactView fact);

/// <summary>Is shown facts one after the other, by a storage.</summary>
internal abstract class FactVisitor
{
    /// <summary>The next fact; false to see no more.</summary>
    public abstract bool Visit(in FactView fact);
}
