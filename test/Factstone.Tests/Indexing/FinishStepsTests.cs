using Factstone.Storage;

namespace Factstone.Tests.Indexing;

/// <summary>The lookup tables of a run are written in steps, so that neither a close nor an append waits for all of them.</summary>
public sealed class FinishStepsTests
{
    [Fact]
    public void The_end_of_a_run_of_very_many_streams_takes_many_steps()
    {
        const int streams = 600_000;
        var files = new MemoryFileSystem();
        files.CreateDirectory("d");
        using var file = files.Open("d/run", FileOpening.CreateNew);
        using var writer = new RunWriter(file, new Position(1), new RunMemory());
        for (var i = 0; i < streams; i++) writer.AddLocation(128 + i);
        writer.AddSegment(new Position(1), new Position(1), 1);
        writer.AddTime(new TimeRow(1, new Position(1), IsAll: true));
        for (var i = 0; i < streams; i++)
        {
            writer.BeginList(TermKey.Encode(Term.Stream(new StreamName("s", $"{i:D6}"))), 1, streams: 0);
            writer.Add([new Location(new StreamVersion(1), new Position(i + 1), retracts: false, (uint)(128 + i))]);
            writer.EndList();
        }

        // The writer takes 2,048 of the 37,500 block offsets per step. It visits the terms twice, 100,000 per step: once to distribute
        // them, and once to put them into two parts.
        var steps = writer.FinishSteps(new LedgerId(Guid.Empty), 1, new Position(streams), new LogLocation(new Position(1), 1, 128 + streams), default, 1, 1).Count();
        Assert.InRange(steps, 28, 32);

        using var run = Run.Inspect(files.Open("d/run", FileOpening.ReadOnly), out _)!;
        for (var i = 0; i < streams; i += 997)
        {
            var stream = new StreamName("s", $"{i:D6}");
            Assert.Equal(i + 1, run.LastLocation(stream, TermKey.Encode(Term.Stream(stream), new byte[64]), new Position(streams)).Position.Value);
        }
    }
}
