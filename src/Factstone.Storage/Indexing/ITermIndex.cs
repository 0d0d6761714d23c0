namespace Factstone.Storage;

/// <summary>Finds the positions of a term, wherever they are kept.</summary>
internal interface ITermIndex
{
    /// <summary>The positions of a term in (<paramref name="after"/>, <paramref name="until"/>], ascending, or descending when <paramref name="backward"/>.</summary>
    PositionCursor Open(Term term, Position after, Position until, bool backward);

    /// <summary>At least as many as the term has positions in (<paramref name="after"/>, <paramref name="until"/>]; cheap, and so only roughly.</summary>
    long CountAtMost(Term term, Position after, Position until);
}
