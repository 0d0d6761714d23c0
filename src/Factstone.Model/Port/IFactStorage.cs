namespace Factstone;

/// <summary>An open storage: the parts of the port as one object, which is closed as a whole. It implements <see cref="IFactReading"/> and <see cref="IStorageAdministration"/> itself.</summary>
internal interface IFactStorage : IFactReading, IStorageAdministration, IDisposable
{
    /// <summary>The part that appends; null when the storage was opened for reading only.</summary>
    IFactAppending? Appending { get; }
}
