namespace Factstone.Storage;

/// <summary>The damage found so far, at the open and by reads since. While there is any, appends are refused.</summary>
internal sealed class DamageLog
{
    readonly Lock _lock = new();
    IReadOnlyList<Damage> _all = [];

    public IReadOnlyList<Damage> All => Volatile.Read(ref _all);

    public void Add(params ReadOnlySpan<Damage> found)
    {
        lock (_lock)
        {
            var all = new List<Damage>(_all);
            foreach (var one in found)
                if (!all.Contains(one)) all.Add(one);
            Volatile.Write(ref _all, all);
        }
    }

    public IReadOnlyList<Damage> At(Position position) => [.. All.Where(one => one.FirstPosition <= position && position <= one.LastPosition)];
}
