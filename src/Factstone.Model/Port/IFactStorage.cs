namespace Factstone;

/// <summary>An open storage: the parts of the port as one object, which are closed together. <see cref="IFactReading"/> and <see cref="IStorageAdministration"/> are its own.</summary>
internal interface IFactStorage : IFactReading, IStorageAdministration, IDisposable
{
    /// <summary>The part that appends; null when the storage was opened for reading only.</summary>
    IFactAppending? Appending { get; }
}
