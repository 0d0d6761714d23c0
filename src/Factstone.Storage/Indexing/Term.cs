namespace Factstone.Storage;

/// <summary>The kind of list that a term names. The numbers are stored on disk and determine the order of a run's terms.</summary>
internal enum TermKind
{
    /// <summary>One stream: all facts of a store and key.</summary>
    Stream = 1,

    /// <summary>All facts of a store.</summary>
    Store = 2,

    /// <summary>All facts of a type.</summary>
    Type = 3,

    /// <summary>All facts with a tag.</summary>
    Tag = 4,

    /// <summary>The append with an id.</summary>
    AppendId = 5,

    /// <summary>A cell of a bucket.</summary>
    Cell = 6,
}

/// <summary>The name of a list of the index.</summary>
/// <param name="Kind">What it lists.</param>
/// <param name="Name">The store, type, tag, append id or bucket.</param>
/// <param name="Key">The key of a stream, or the name of a cell; null for the others.</param>
internal readonly record struct Term(TermKind Kind, string Name, string? Key = null)
{
    public static Term Stream(StreamName stream) => new(TermKind.Stream, stream.Store, stream.Key);

    public static Term Store(string store) => new(TermKind.Store, store);

    public static Term Type(string type) => new(TermKind.Type, type);

    public static Term Tag(string tag) => new(TermKind.Tag, tag);

    public static Term AppendId(string appendId) => new(TermKind.AppendId, appendId);

    public static Term Cell(CellName cell) => new(TermKind.Cell, cell.Bucket, cell.Name);
}
