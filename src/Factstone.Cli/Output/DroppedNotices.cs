namespace Factstone.Cli.Output;

/// <summary>Says on standard error which truncated streams an answer has passed over: the first few by name, the others by their number.</summary>
internal sealed class DroppedNotices(Session session)
{
    const int NamedMax = 5;

    readonly HashSet<StreamName> _named = [];
    long _more;

    public void Add(DroppedFacts dropped)
    {
        if (_named.Contains(dropped.Stream)) return;
        if (_named.Count == NamedMax)
        {
            _more++;
            return;
        }

        _named.Add(dropped.Stream);
        session.Notice($"Passed over the dropped facts of {dropped.Stream}, v1 to v{dropped.Through}, up to @{dropped.LastPosition}. The receipt is at @{dropped.Receipt}: factstone receipts");
    }

    /// <summary>Says how many further streams there were.</summary>
    public void End()
    {
        if (_more > 0) session.Notice($"Passed over the dropped facts of {Counted.Text(_more, "further stream")}: factstone receipts");
    }
}
