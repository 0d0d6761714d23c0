namespace Factstone.Bench;

/// <summary>Where results go.</summary>
internal interface IResults
{
    /// <summary>Says what was measured on.</summary>
    Task BeginAsync(params string[] lines);

    Task AddAsync(ComparedResult result);

    /// <summary>Not reached where an answer was wrong.</summary>
    Task EndAsync(string line);
}
