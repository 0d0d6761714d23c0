namespace Factstone;

/// <summary>A value cannot be appended as it is, or registered types do not fit what is stored. The message has the line to add or what differs.</summary>
public sealed class FactTypesException : FactstoneException
{
    internal FactTypesException(string message, Exception? inner = null) : base(message, inner) { }
}

/// <summary>The payload of a stored fact does not become a value of the type that is registered for it. The fact itself is whole, and its payload can be read.</summary>
public sealed class FactValueException : FactstoneException
{
    internal FactValueException(Fact fact, Type type, Exception inner)
        : base($"Fact {fact.Description} does not become a {type}: {JsonMismatch.Describe(inner)}.", inner) => Fact = fact;

    /// <summary>The fact.</summary>
    public Fact Fact { get; }
}

/// <summary>The value of a stored cell does not become a value of the type with which it is read. The cell itself is whole, and can be read by <see cref="ILedger.ReadCellAsync"/>.</summary>
public sealed class CellValueException : FactstoneException
{
    internal CellValueException(CellAndVersion cell, Type type, Exception inner)
        : base($"Cell {cell} does not become a {type}: {JsonMismatch.Describe(inner)}.", inner) => Cell = cell;

    /// <summary>The cell, and the version that was read.</summary>
    public CellAndVersion Cell { get; }
}
