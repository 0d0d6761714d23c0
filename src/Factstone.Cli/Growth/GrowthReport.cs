using System.Globalization;
using System.Text.Json;

namespace Factstone.Cli.Growth;

/// <summary>The results, for people and for programs.</summary>
internal static class GrowthReport
{
    const int NameColumns = 63;
    const int NumberColumns = 13;

    public static IEnumerable<string> Lines(GrowthResult result)
    {
        var sizes = result.Sizes.Select(size => size.Facts.ToString("N0", CultureInfo.InvariantCulture)).ToList();
        yield return "Microseconds per operation (median of the rounds) at each number of facts, and the growth from the smallest.";
        yield return "";
        yield return Row("", [.. sizes, "growth"]);
        foreach (var row in result.Rows.Where(row => row.Columns > 1)) yield return Row(row.What, [.. Columns(row, row.Time), Ratio(row.TimeGrowth)]);
        foreach (var row in result.Rows.Where(row => row.Columns == 1)) yield return Row(row.What, [.. sizes.Skip(1).Select(static _ => ""), Number(row.Time(0)), ""]);
        yield return "";
        yield return "Processor time of that, in microseconds, background workers included:";
        yield return "";
        foreach (var row in result.Rows.Where(row => row is { Columns: > 1, AfterOtherWork: false })) yield return Row(row.What, [.. Columns(row, row.Processor), Ratio(row.ProcessorGrowth)]);
        yield return "";
        yield return Row("facts loaded a second", [.. result.Loads.Select(load => load.Facts > 0 ? (load.Facts / load.Seconds).ToString("N0", CultureInfo.InvariantCulture) : "reused")]);
        yield return Row("peak of memory while loading, MB", [.. result.Loads.Select(load => load.Facts > 0 ? Megabytes(load.MemoryPeak) : "")]);
        yield return Row("peak of memory while reading, MB", [.. sizes.Skip(1).Select(static _ => ""), Megabytes(result.ReadingMemoryPeak)]);
        yield return "";
        foreach (var bar in GrowthBar.Of(result))
            yield return $"{(bar.IsMet ? "met   " : "MISSED")} {Value(bar),9} of {bar.Most.ToString(CultureInfo.InvariantCulture)} {bar.Unit}: {bar.What}";
    }

    public static void WriteJson(Utf8JsonWriter json, GrowthResult result)
    {
        json.WriteStartObject();
        json.WriteStartArray("facts");
        foreach (var size in result.Sizes) json.WriteNumberValue(size.Facts);
        json.WriteEndArray();

        json.WriteStartArray("operations");
        foreach (var row in result.Rows)
        {
            json.WriteStartObject();
            json.WriteString("name", row.Name);
            json.WriteString("what", row.What);
            WriteNumbers(json, "microseconds", row, row.Time);
            if (!row.AfterOtherWork) WriteNumbers(json, "processorMicroseconds", row, row.Processor);
            if (row.Columns > 1)
            {
                json.WriteNumber("growth", Math.Round(row.TimeGrowth, 3));
                if (!row.AfterOtherWork) json.WriteNumber("processorGrowth", Math.Round(row.ProcessorGrowth, 3));
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("loads");
        foreach (var load in result.Loads)
        {
            json.WriteStartObject();
            json.WriteNumber("appended", load.Facts);
            if (load.Facts > 0) json.WriteNumber("factsPerSecond", Math.Round(load.Facts / load.Seconds));
            json.WriteNumber("memoryPeakBytes", load.MemoryPeak);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("readingMemoryPeakBytes", result.ReadingMemoryPeak);
        json.WriteStartArray("bars");
        foreach (var bar in GrowthBar.Of(result))
        {
            json.WriteStartObject();
            json.WriteString("name", bar.Name);
            json.WriteString("what", bar.What);
            json.WriteNumber("value", Math.Round(bar.Value, 3));
            json.WriteNumber("most", bar.Most);
            json.WriteString("unit", bar.Unit);
            json.WriteBoolean("met", bar.IsMet);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteNumbers(Utf8JsonWriter json, string name, GrowthRow row, Func<int, double> of)
    {
        json.WriteStartArray(name);
        for (var column = 0; column < row.Columns; column++) json.WriteNumberValue(Math.Round(of(column), 3));
        json.WriteEndArray();
    }

    static string Row(string what, IReadOnlyList<string> numbers) => $"{what,-NameColumns}{string.Concat(numbers.Select(static number => number.PadLeft(NumberColumns)))}".TrimEnd();

    static IEnumerable<string> Columns(GrowthRow row, Func<int, double> of) => Enumerable.Range(0, row.Columns).Select(column => Number(of(column)));

    static string Number(double microseconds) => microseconds.ToString(microseconds < 100 ? "N2" : "N0", CultureInfo.InvariantCulture);

    static string Ratio(double growth) => growth.ToString("0.00", CultureInfo.InvariantCulture);

    static string Megabytes(long bytes) => (bytes / 1_000_000.0).ToString("N0", CultureInfo.InvariantCulture);

    static string Value(GrowthBar bar) => bar.Value.ToString("0.00", CultureInfo.InvariantCulture);
}
