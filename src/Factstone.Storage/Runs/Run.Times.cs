using System.Buffers.Binary;

namespace Factstone.Storage;

internal sealed partial class Run
{
    long _oldestRow;
    long _newestRow;
    bool _knowsTimes;

    public override (Position AtOrBefore, Position After) Bracket(long recordedBy)
    {
        if (FirstTime > recordedBy) return (new Position(First.Value - 1), First);
        var count = Footer.TimeCount;
        var (oldest, newest) = TimesOfRows();
        var until = oldest > recordedBy ? 0 : newest <= recordedBy ? count : TimeRowsUntil(recordedBy, oldest, newest);
        var after = until == count ? Last.Next() : TimeRow(until).First;
        if (until == 0) return (First, after);
        var row = TimeRow(until - 1);
        return (row.IsAll ? new Position(after.Value - 1) : row.First, after);
    }

    /// <summary>The times of the first and the last row; the largest possible time if there is no row. They are cached, because each lookup as of a time begins with them.</summary>
    (long Oldest, long Newest) TimesOfRows()
    {
        if (!Volatile.Read(ref _knowsTimes))
        {
            var count = Footer.TimeCount;
            (_oldestRow, _newestRow) = count == 0 ? (long.MaxValue, long.MaxValue) : (TimeRow(0).Time, TimeRow(count - 1).Time);
            Volatile.Write(ref _knowsTimes, true);
        }

        return (_oldestRow, _newestRow);
    }

    /// <summary>The number of rows at or before a time. The time must not be before the first row, and must be before the last.</summary>
    long TimeRowsUntil(long recordedBy, long oldest, long end)
    {
        // First the fences are searched, which are close together, and then the rows after one of them.
        var count = Footer.TimeCount;
        var fences = (count + RunFormat.TimeRowsPerFence - 1) / RunFormat.TimeRowsPerFence;
        var fence = RowSearch.CountUntil(new TimeFences(this), fences, oldest, end, recordedBy) - 1;
        var first = fence * RunFormat.TimeRowsPerFence;
        return fence + 1 < fences
            ? first + RowSearch.CountUntil(new Times(this, first), RunFormat.TimeRowsPerFence, TimeFence(fence), TimeFence(fence + 1), recordedBy)
            : first + RowSearch.CountUntil(new Times(this, first), count - 1 - first, TimeFence(fence), end, recordedBy);
    }

    /// <summary>The time of one row in 64, from the separate table of fences.</summary>
    public long TimeFence(long number)
    {
        var time = BinaryPrimitives.ReadInt64LittleEndian(Read(Footer.TimeFencesAt + (number * sizeof(long)), sizeof(long)));
        GC.KeepAlive(this);
        return time;
    }

    /// <summary>The row of times with a number.</summary>
    public TimeRow TimeRow(long number)
    {
        var row = Read(Footer.TimesAt + (number * RunFormat.TimeRowBytes), RunFormat.TimeRowBytes);
        var first = BinaryPrimitives.ReadInt64LittleEndian(row[sizeof(long)..]);
        var read = new TimeRow(BinaryPrimitives.ReadInt64LittleEndian(row), new Position(first >> 1), IsAll: (first & 1) != 0);
        GC.KeepAlive(this);
        return read;
    }

    /// <summary>The times of the rows from a given one on.</summary>
    readonly struct Times(Run run, long first) : ISortedRows
    {
        public long this[long number] => run.TimeRow(first + number).Time;
    }

    /// <summary>The times of the fences.</summary>
    readonly struct TimeFences(Run run) : ISortedRows
    {
        public long this[long number] => run.TimeFence(number);
    }
}

/// <summary>The facts from a position up to the next row were recorded at this time or later.</summary>
/// <param name="Time">The RecordedAt of the first fact.</param>
/// <param name="First">The position of the first fact.</param>
/// <param name="IsAll">Whether all of these facts were recorded at this time.</param>
internal readonly record struct TimeRow(long Time, Position First, bool IsAll);
