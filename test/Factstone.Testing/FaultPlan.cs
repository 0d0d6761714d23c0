namespace Factstone.Testing;

/// <summary>Which faults strike a <see cref="SimulatedDisk"/>: by chance, drawn from its seed, or at one input or output given by number.</summary>
/// <remarks>A fault strikes only what it can befall: a <see cref="Fault.ShortWrite"/> writes, a failing sync syncs, and so on.</remarks>
public sealed class FaultPlan
{
    static readonly Fault[] All = Enum.GetValues<Fault>();

    readonly double[] _chances = new double[All.Length + 1];
    readonly List<(long FromIo, Fault Fault)> _once = [];

    internal FaultPlan() { }

    /// <summary>Whether anything strikes at all. Turned off, nothing is drawn either.</summary>
    public bool IsEnabled { get; set; } = true;

    /// <summary>Limits all faults to some paths; null for none. Also the one at a given number then waits for such a path.</summary>
    public Func<string, bool>? OnlyPaths { get; set; }

    /// <summary>
    /// What share of its sectors a failing sync has written before it failed, from 0 to 1: none of them is confirmed, yet
    /// all may be there. Null draws one of nothing, everything and some.
    /// </summary>
    public double? ReachOfFailedSync { get; set; }

    /// <summary>The chance, from 0 to 1, that the fault strikes an operation it can befall.</summary>
    public double this[Fault fault]
    {
        get => _chances[(int)fault];
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1);
            _chances[(int)fault] = value;
        }
    }

    /// <summary>Strikes once: the operation of this number (see <see cref="SimulatedDisk.IoCount"/>; the first is 1), or the first one after it that the fault can befall.</summary>
    public void At(long io, Fault fault) => _once.Add((io, fault));

    /// <summary>Strikes once: the next operation that the fault can befall.</summary>
    public void Next(Fault fault) => At(0, fault);

    /// <summary>Takes back all chances and all that was to strike once.</summary>
    public void Clear()
    {
        Array.Clear(_chances);
        _once.Clear();
    }

    internal Fault? Draw(long io, IoKind kind, string path, Random random)
    {
        if (!IsEnabled || OnlyPaths?.Invoke(path) == false) return null;
        for (var i = 0; i < _once.Count; i++)
        {
            var (fromIo, fault) = _once[i];
            if (io < fromIo || !Befalls(fault, kind)) continue;
            _once.RemoveAt(i);
            return fault;
        }

        foreach (var fault in All)
            if (_chances[(int)fault] > 0 && Befalls(fault, kind) && random.NextDouble() < _chances[(int)fault])
                return fault;
        return null;
    }

    static bool Befalls(Fault fault, IoKind kind) => fault switch
    {
        Fault.Error => kind != IoKind.PageWrite, // a store into memory; what the disk says of it comes with the sync
        Fault.ShortWrite => kind == IoKind.Write,
        Fault.SyncFailureKeepingPages or Fault.SyncFailureDroppingPages => kind == IoKind.Sync,
        Fault.SyncWithoutSpaceKeepingPages or Fault.SyncWithoutSpaceDroppingPages => kind is IoKind.Sync or IoKind.SyncDirectory,
        Fault.NoSpace => kind is IoKind.Write or IoKind.Reserve or IoKind.Create,
        _ => true,
    };
}

/// <summary>What an operation is to a fault.</summary>
internal enum IoKind
{
    /// <summary>Reads bytes or names, or opens what stands.</summary>
    Read = 1,
    Write,
    Reserve,
    Cut,
    Sync,
    Create,
    Rename,
    Delete,
    SyncDirectory,
    PageWrite,
}
