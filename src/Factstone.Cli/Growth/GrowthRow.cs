using Factstone.Cli.Bench;

namespace Factstone.Cli.Growth;

/// <summary>How long an operation takes at each size; medians of the rounds.</summary>
internal sealed class GrowthRow(string name, string what, int columns)
{
    /// <summary>Name of the row that has no bar: what the machine does without a ledger.</summary>
    public const string Machine = "machine";

    /// <summary>The same after other work.</summary>
    public const string MachineAfterWork = $"{Machine}-after-work";

    readonly Rates[] _time = [.. Enumerable.Range(0, columns).Select(_ => new Rates())];
    readonly Rates[] _processor = [.. Enumerable.Range(0, columns).Select(_ => new Rates())];

    public string Name { get; } = name;

    public string What { get; } = what;

    /// <summary>Whether it waits for the disk, so that its processor time says more about growth.</summary>
    public bool Appends { get; init; }

    /// <summary>Whether each follows upon other work; then only time is measured.</summary>
    public bool AfterOtherWork { get; init; }

    public int Columns { get; } = columns;

    public void Add(int column, TimeSpan elapsed, TimeSpan processor, int times)
    {
        _time[column].Add(elapsed.TotalMicroseconds / times);
        _processor[column].Add(processor.TotalMicroseconds / times);
    }

    /// <summary>Microseconds for one.</summary>
    public double Time(int column) => _time[column].Median;

    /// <summary>Microseconds of all processors for one, whoever works for it.</summary>
    public double Processor(int column) => _processor[column].Median;

    /// <summary>The most that a larger ledger takes, as a multiple of what the smallest does.</summary>
    public double TimeGrowth => Growth(Time);

    public double ProcessorGrowth => Growth(Processor);

    double Growth(Func<int, double> of) => Enumerable.Range(1, Columns - 1).Max(of) / of(0);
}
