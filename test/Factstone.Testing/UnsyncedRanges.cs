namespace Factstone.Testing;

/// <summary>The bytes of a file that were written and not synced since, or were part of a failed sync and not written again.</summary>
internal sealed class UnsyncedRanges
{
    readonly List<(long From, long To)> _waiting = [];
    readonly List<(long From, long To)> _failed = [];

    public void Add(long from, long to)
    {
        Written(from, to);
        if (_waiting is [.., var last] && last.To == from) _waiting[^1] = (last.From, to);
        else _waiting.Add((from, to));
    }

    /// <summary>What a failed sync has left out can be made durable again where it is written again, and only there.</summary>
    void Written(long from, long to)
    {
        for (var i = _failed.Count - 1; i >= 0; i--)
        {
            var range = _failed[i];
            if (range.From >= to || range.To <= from) continue;
            _failed.RemoveAt(i);
            if (range.From < from) _failed.Add((range.From, from));
            if (range.To > to) _failed.Add((to, range.To));
        }
    }

    public bool Touch(long from, long to) =>
        _waiting.Exists(range => range.From < to && range.To > from) || _failed.Exists(range => range.From < to && range.To > from);

    public void Synced() => _waiting.Clear();

    public void Failed()
    {
        _failed.AddRange(_waiting);
        _waiting.Clear();
    }

    public void Clear()
    {
        _waiting.Clear();
        _failed.Clear();
    }
}
