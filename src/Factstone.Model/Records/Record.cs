namespace Factstone;

/// <summary>A record with a value, as of the point of the read.</summary>
/// <typeparam name="T">The type of the value.</typeparam>
/// <remarks>Threads: any number.</remarks>
public sealed class Record<T> where T : notnull
{
    readonly RecordStore<T> _store;
    object? _value;

    internal Record(RecordStore<T> store, Fact fact) => (_store, Fact) = (store, fact);

    /// <summary>The key within the store.</summary>
    public string Key => Fact.Stream.Key;

    /// <summary>The version of the fact with the value; retractions count, too.</summary>
    public StreamVersion Version => Fact.StreamVersion;

    /// <summary>The fact with the value: its position, times, tags and so on.</summary>
    public Fact Fact { get; }

    /// <summary>The value. It is read from the payload at the first access, and the same afterwards: do not change it.</summary>
    /// <exception cref="FactValueException">The payload does not become a <typeparamref name="T"/>; the message names the fact. The record can still be replaced or retracted by its version.</exception>
    public T Value => (T)(_value ??= _store.Read(Fact));

    /// <summary>Stream, version and position.</summary>
    public override string ToString() => Fact.ToString();
}

/// <summary>One fact of a record's history.</summary>
/// <typeparam name="T">The type of the values.</typeparam>
/// <param name="Fact">The fact.</param>
/// <param name="Record">The record as it was from this fact on; null if the fact retracts its value.</param>
public sealed record RecordChange<T>(Fact Fact, Record<T>? Record) where T : notnull;
