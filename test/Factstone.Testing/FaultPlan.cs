namespace Factstone.Testing;

/// <summary>The faults of a <see cref="SimulatedDisk"/>: random ones, drawn from its seed, or one at an input or output given by number.</summary>
/// <remarks>A fault occurs only in operations that it applies to: a <see cref="Fault.ShortWrite"/> in writes, a failing sync in syncs, and so on.</remarks>
public sealed class FaultPlan
{
    static readonly Fault[] All = Enum.GetValues<Fault>();

    readonly double[] _chances = new double[All.Length + 1];
    readonly List<(long FromIo, Fault Fault)> _once = [];

    internal FaultPlan() { }

    /// <summary>Whether faults occur at all. If not, nothing is drawn either.</summary>
    public bool IsEnabled { get; set; } = true;

    /// <summary>Limits all faults to some paths; null for all paths. A fault at a given number then waits for such a path, too.</summary>
    public Func<string, bool>? OnlyPaths { get; set; }

    /// <summary>
    /// The share of its sectors that a failing sync wrote before it failed, from 0 to 1. None of them is confirmed, but all
    /// may be there. Null draws one of none, all and some.
    /// </summary>
    public double? ReachOfFailedSync { get; set; }

    /// <summary>The probability, from 0 to 1, that the fault occurs in an operation that it applies to.</summary>
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

    /// <summary>Occurs once: in the operation of this number (see <see cref="SimulatedDisk.IoCount"/>; the first is 1), or in the first one after it that the fault applies to.</summary>
    public void At(long io, Fault fault) => _once.Add((io, fault));

    /// <summary>Occurs once: in the next operation that the fault applies to.</summary>
    public void Next(Fault fault) => At(0, fault);

    /// <summary>Removes all probabilities, and all faults that would occur once.</summary>
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
        Fault.Error => kind != IoKind.PageWrite, // a store into memory; the disk reports errors at the sync
        Fault.ShortWrite => kind == IoKind.Write,
        Fault.SyncFailureKeepingPages or Fault.SyncFailureDroppingPages => kind == IoKind.Sync,
        Fault.SyncWithoutSpaceKeepingPages or Fault.SyncWithoutSpaceDroppingPages => kind is IoKind.Sync or IoKind.SyncDirectory,
        Fault.NoSpace => kind is IoKind.Write or IoKind.Reserve or IoKind.Create,
        _ => true,
    };
}

/// <summary>The kind of an operation, which decides the faults that apply to it.</summary>
internal enum IoKind
{
    /// <summary>Reads bytes or names, or opens an existing file.</summary>
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
