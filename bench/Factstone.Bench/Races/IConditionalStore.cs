namespace Factstone.Bench;

/// <summary>A store that appends on a condition, for many callers at once.</summary>
internal interface IConditionalStore : IDisposable
{
    /// <summary>Answers when what was decided is durable.</summary>
    Task<ConditionalAnswer> AppendAsync(ConditionalAppend append);
}
