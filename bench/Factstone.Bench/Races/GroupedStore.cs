using Factstone.Cli.Bench;

namespace Factstone.Bench;

/// <summary>A store with one writer thread. Queued appends are decided in turn in one transaction, and answered after its commit.</summary>
internal abstract class GroupedStore : IConditionalStore
{
    readonly GroupWriter<ConditionalAppend> _writer;

    protected GroupedStore() => _writer = new GroupWriter<ConditionalAppend>(Write);

    public Task<ConditionalAnswer> AppendAsync(ConditionalAppend append)
    {
        _writer.Add(append);
        return append.Task;
    }

    public void Dispose()
    {
        _writer.Dispose();
        Close();
    }

    protected abstract void Begin();

    protected abstract ConditionalAnswer Decide(ConditionalAppend append);

    protected abstract void Commit();

    /// <summary>Closes the store. Nothing is queued any more.</summary>
    protected abstract void Close();

    void Write(List<ConditionalAppend> group)
    {
        Begin();
        foreach (var append in group) append.Answer = Decide(append);
        Commit();
        foreach (var append in group) append.SetResult(append.Answer);
    }
}
