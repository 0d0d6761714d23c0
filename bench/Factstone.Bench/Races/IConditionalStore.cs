namespace Factstone.Bench;

/// <summary>A store that appends on a condition, for many concurrent callers.</summary>
internal interface IConditionalStore : IDisposable
{
    /// <summary>Completes when the decision is durable.</summary>
    Task<ConditionalAnswer> AppendAsync(ConditionalAppend append);
}
