using Factstone.Cli.Bench;

namespace Factstone.Cli.Growth;

/// <summary>The time of an operation at each size; medians of the rounds.</summary>
internal sealed class GrowthRow(string name, string what, int columns)
{
    /// <summary>The name of the row without a bar: the machine without a ledger.</summary>
    public const string Machine = "machine";

    /// <summary>The same after other work.</summary>
    public const string MachineAfterWork = $"{Machine}-after-work";

    readonly Rates[] _time = [.. Enumerable.Range(0, columns).Select(_ => new Rates())];
    readonly Rates[] _processor = [.. Enumerable.Range(0, columns).Select(_ => new Rates())];

    public string Name { get; } = name;

    public string What { get; } = what;

    /// <summary>Whether it waits for the disk, so that its processor time shows growth better.</summary>
    public bool Appends { get; init; }

    /// <summary>Whether each operation follows other work; then only the time is measured.</summary>
    public bool AfterOtherWork { get; init; }

    public int Columns { get; } = columns;

    public void Add(int column, TimeSpan elapsed, TimeSpan processor, int times)
    {
        _time[column].Add(elapsed.TotalMicroseconds / times);
        _processor[column].Add(processor.TotalMicroseconds / times);
    }

    /// <summary>Microseconds per operation.</summary>
    public double Time(int column) => _time[column].Median;

    /// <summary>Microseconds of processor time per operation, over all threads.</summary>
    public double Processor(int column) => _processor[column].Median;

    /// <summary>The largest time of a larger ledger, as a multiple of that of the smallest.</summary>
    public double TimeGrowth => Growth(Time);

    public double ProcessorGrowth => Growth(Processor);

    double Growth(Func<int, double> of) => Enumerable.Range(1, Columns - 1).Max(of) / of(0);
}
