using System.Diagnostics.CodeAnalysis;

namespace Factstone;

/// <summary>The name of a cell: a bucket and a name in it. In text <c>settings/theme</c>, split at the first <c>/</c>; the name may be empty and may contain further slashes.</summary>
/// <remarks>Checked when it is used, not when it is created. See <see cref="FactLimits"/> for the limits of a bucket and a name.</remarks>
public readonly record struct CellName
{
    /// <summary>Names a cell.</summary>
    /// <param name="bucket">The family of cells, such as <c>settings</c>.</param>
    /// <param name="name">The cell within the bucket, such as <c>theme</c>; may be empty.</param>
    public CellName(string bucket, string name)
    {
        ArgumentNullException.ThrowIfNull(bucket);
        ArgumentNullException.ThrowIfNull(name);
        Bucket = bucket;
        Name = name;
    }

    /// <summary>The family of cells.</summary>
    public string Bucket { get; }

    /// <summary>The cell within the bucket.</summary>
    public string Name { get; }

    /// <summary>Reads <c>bucket/name</c>, split at the first <c>/</c>.</summary>
    /// <exception cref="FormatException">There is no <c>/</c> in the text.</exception>
    public static CellName Parse(string text) =>
        TryParse(text, out var name)
            ? name
            : throw new FormatException($"'{text}' names no cell: write BUCKET/NAME, such as 'settings/theme'. 'settings/' is the cell with the empty name.");

    /// <summary>Reads <c>bucket/name</c>, split at the first <c>/</c>; false if there is no <c>/</c>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out CellName name)
    {
        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        name = slash < 0 ? default : new CellName(text![..slash], text[(slash + 1)..]);
        return slash >= 0;
    }

    /// <summary>The text form, <c>bucket/name</c>.</summary>
    public override string ToString() => $"{Bucket}/{Name}";
}
