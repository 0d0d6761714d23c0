namespace Factstone;

/// <summary>Refuses options of a read or a listing that make no sense. The message names the property.</summary>
internal static class PageCheck
{
    /// <summary>What every public method calls the parameter.</summary>
    static string Options => "options";

    public static void Limit(long? limit)
    {
        if (limit is < 0) throw new ArgumentOutOfRangeException(Options, limit, "Limit must not be negative; null stands for no limit.");
    }

    public static void From(Position from)
    {
        if (from < Position.None) throw new ArgumentOutOfRangeException(Options, from, "From must not be negative. Positions start at 1, and 0 stands for the first one, or for the last one when reading backward.");
    }

    /// <summary>A fold refuses the callback of a read: it stops at dropped facts.</summary>
    public static void NoCallback(Action<DroppedFacts>? dropped)
    {
        if (dropped is not null) throw new ArgumentException("Dropped is for reads. A fold stops with HistoryDroppedException where it would need a dropped fact. Leave Dropped out, or read.", Options);
    }

    /// <summary>Everything but the point of the read, which the ledger resolves.</summary>
    public static void Stream(StreamReadOptions options)
    {
        Limit(options.Limit);
        if (options.From < StreamVersion.None) throw new ArgumentOutOfRangeException(Options, options.From, "From must not be negative. Versions start at 1, and 0 stands for the first one, or for the last one when reading backward.");
        if (options.Through is not { } through)
        {
            Types(options.Types);
            return;
        }

        if (through < StreamVersion.None) throw new ArgumentOutOfRangeException(Options, through, "Through must not be negative. Versions start at 1, and null stands for no end.");

        // A caller that gives the bounds of a backward read in ascending order would get nothing. The page after the last one may be empty.
        if (options is { Backward: true, From.Value: > 0 } && through.Value - 1 > options.From.Value)
            throw new ArgumentException($"A read backward begins at From and ends at Through, so Through must not be above From. From is {options.From}, and Through is {through}: exchange them.", Options);
        Types(options.Types);
    }

    public static void Keys(ListOptions? options)
    {
        if (options is null) return;
        Limit(options.Limit);
        Texts(options.Prefix, options.After, "key", FactLimits.KeyBytesMax);
    }

    public static void Names(CellListOptions? options)
    {
        if (options is null) return;
        Limit(options.Limit);
        Texts(options.Prefix, options.After, "name", FactLimits.CellNameBytesMax);
    }

    static void Types(IReadOnlyList<string> types)
    {
        if (types.Count > FactLimits.TypesPerQueryItemMax) throw new ArgumentException($"Types has {types.Count:N0} types; at most {FactLimits.TypesPerQueryItemMax:N0} are possible.", Options);
        for (var i = 0; i < types.Count; i++)
            if (FactQueryCheck.Type(types[i]) is { } wrong) throw new ArgumentException($"Types[{i}]: {wrong}", Options);
    }

    static void Texts(string prefix, string? after, string what, int bytesMax)
    {
        if (prefix is null) throw new ArgumentNullException(Options, $"Prefix is null; the empty text stands for every {what}.");
        if (NameCheck.Text("The prefix", prefix, 0, bytesMax) is { } wrong) throw new ArgumentException(wrong, Options);
        if (after is not null && NameCheck.Text($"The {what} to continue after", after, 0, bytesMax) is { } wrongAfter) throw new ArgumentException(wrongAfter, Options);
    }
}
