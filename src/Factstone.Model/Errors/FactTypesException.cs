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
        : base($"Fact {fact} does not become a {type}: {inner.Message.TrimEnd('.')}.", inner) => Fact = fact;

    /// <summary>The fact.</summary>
    public Fact Fact { get; }
}
