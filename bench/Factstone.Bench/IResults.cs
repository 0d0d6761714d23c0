namespace Factstone.Bench;

/// <summary>The output for results.</summary>
internal interface IResults
{
    /// <summary>Writes lines that describe the machine and the settings.</summary>
    Task BeginAsync(params string[] lines);

    Task AddAsync(ComparedResult result);

    /// <summary>Ends the output. It is not called if an answer was wrong.</summary>
    Task EndAsync(string line);
}
