using Factstone.Storage;

namespace Factstone.Tests.Indexing;

public sealed class MemoryPartTests
{
    // A part whose first fact is lost begins at the time of the fact before it. If it began at an older time, a read as of a time between
    // the two would use this part and return facts that were recorded later.
    [Fact]
    public void What_is_left_behind_a_run_and_begins_with_a_lost_fact_begins_at_the_time_of_the_fact_before_it()
    {
        var header = new SegmentHeader
        {
            Format = 2,
            LedgerId = new LedgerId(Guid.NewGuid()),
            Epoch = 1,
            Sequence = 1,
            BasePosition = new Position(1),
            Generation = 1,
            Nonce = 1,
            PreviousBase = Position.None,
            PreviousGeneration = 0,
            PreviousEnd = 0,
            BaseTime = 0,
        };
        using var segment = new Segment(new MemoryFileSystem().Open("segment", FileOpening.CreateNew), header);
        var part = new MemoryPart(new Position(1));
        Add(100);
        Add(200);
        part.AddLost(segment, lastTime: 200);
        Add(300);

        Assert.Equal(200, Behind(2).FirstTime);
        Assert.Equal(300, Behind(3).FirstTime);
        Assert.Equal((new Position(3), new Position(4)), Behind(2).Bracket(299));

        MemoryPart Behind(long last) => part.PartAfter(new Position(last), end: default, endTime: 200, static _ => true);

        void Add(long time)
        {
            var location = new Location(new StreamVersion(part.Next.Value), part.Next, retracts: false);
            part.Add(segment, SegmentHeader.Bytes, time, location, part.FindOrMake("orders", "1"), "placed", []);
        }
    }
}
