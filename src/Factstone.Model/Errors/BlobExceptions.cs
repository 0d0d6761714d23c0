namespace Factstone;

/// <summary>A store has no blob of this name. For a store of others to throw, too.</summary>
public sealed class BlobNotFoundException : FactstoneException
{
    /// <summary>There is no such blob.</summary>
    /// <param name="cid">The name.</param>
    /// <param name="location">The store, for the message: a directory, an address.</param>
    public BlobNotFoundException(Cid cid, string location)
        : base($"There is no blob {cid} in '{location}'. It was never put there, or its file was removed; another copy or a backup may have it.") => (Cid, Location) = (cid, location);

    /// <summary>The name.</summary>
    public Cid Cid { get; }

    /// <summary>The store.</summary>
    public string Location { get; }
}

/// <summary>The stored bytes of a blob are not its content. Nothing was changed.</summary>
public sealed class BlobDamagedException : FactstoneException
{
    /// <summary>The blob is damaged.</summary>
    /// <param name="cid">The name.</param>
    /// <param name="location">Where its bytes are stored, for the message: a file, an address.</param>
    /// <param name="what">What is wrong, as a part of a sentence.</param>
    public BlobDamagedException(Cid cid, string location, string what)
        : base($"The blob {cid} in '{location}' is damaged: {what}. Do not use what was read of it. If you have the content, put it again, which replaces the damaged bytes; otherwise take them from a backup.") => (Cid, Location) = (cid, location);

    /// <summary>The name.</summary>
    public Cid Cid { get; }

    /// <summary>Where its bytes are stored.</summary>
    public string Location { get; }
}
