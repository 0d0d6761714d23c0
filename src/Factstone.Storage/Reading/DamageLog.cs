namespace Factstone.Storage;

/// <summary>The damage found so far, at the open and by reads since. While there is any, appends are refused.</summary>
/// <param name="found">Called when new damage is found.</param>
internal sealed class DamageLog(Action? found = null)
{
    readonly Lock _lock = new();
    IReadOnlyList<Damage> _all = [];

    public IReadOnlyList<Damage> All => Volatile.Read(ref _all);

    public void Add(params ReadOnlySpan<Damage> damage)
    {
        lock (_lock)
        {
            var all = new List<Damage>(_all);
            foreach (var one in damage)
                if (!all.Contains(one)) all.Add(one);
            if (all.Count == _all.Count) return;
            Volatile.Write(ref _all, all);
        }

        found?.Invoke();
    }

    public IReadOnlyList<Damage> At(Position position) => [.. All.Where(one => one.FirstPosition <= position && position <= one.LastPosition)];
}
