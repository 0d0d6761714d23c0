namespace Factstone.Storage;

/// <summary>Finds the positions of a term, in runs and in memory.</summary>
internal interface ITermIndex
{
    /// <summary>The positions of a term in (<paramref name="after"/>, <paramref name="until"/>], ascending, or descending when <paramref name="backward"/>.</summary>
    PositionCursor Open(Term term, Position after, Position until, bool backward);

    /// <summary>An upper bound for the number of positions that the term has in (<paramref name="after"/>, <paramref name="until"/>]. It is cheap, and therefore only approximate.</summary>
    long CountAtMost(Term term, Position after, Position until);
}
