using Factstone.Storage;
using Factstone.Testing;

namespace Factstone.Tests.Indexing;

/// <summary>A merge slows down while appends are committed, but never below a third of its speed.</summary>
public sealed class MergePaceTests
{
    static readonly TimeSpan Work = TimeSpan.FromMilliseconds(3);

    readonly ManualTimeProvider _time = new();
    readonly FactIndex _index = new(new StorageOptions());
    readonly MergePace _pace;
    TimeSpan _paused;

    public MergePaceTests() => _pace = new MergePace(_index, _time) { StepLater = Pause };

    [Fact]
    public void A_merge_beside_appends_keeps_a_third_of_its_speed()
    {
        var worked = TimeSpan.Zero;
        _pace.BeginCommit();
        for (var i = 0; i < 1_000; i++)
            if (_pace.Step(Works)) worked += Work;
        Assert.InRange(_paused / worked, 1.9, 2.0);
    }

    [Fact]
    public void A_merge_without_appends_is_not_slowed()
    {
        for (var i = 0; i < 100; i++) Assert.True(_pace.Step(Works));
        _pace.BeginCommit();
        _pace.EndCommit();
        _time.Advance(TimeSpan.FromMilliseconds(10));
        for (var i = 0; i < 100; i++) Assert.True(_pace.Step(Works));
        Assert.Equal(TimeSpan.Zero, _paused);
    }

    [Fact]
    public void A_merge_that_is_woken_early_goes_on_pausing()
    {
        _pace.BeginCommit();
        Assert.True(_pace.Step(Works));
        _pace.StepLater = after => _paused = after;
        Assert.False(_pace.Step(Works));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(_pace.Step(Works));
        Assert.Equal(TimeSpan.FromMilliseconds(5), _paused);
        _time.Advance(_paused);
        Assert.True(_pace.Step(Works));
    }

    [Fact]
    public void One_step_that_takes_long_makes_no_long_pause()
    {
        _pace.BeginCommit();
        Assert.True(_pace.Step(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(20));
            return true;
        }));
        while (!_pace.Step(Works)) { }
        Assert.Equal(TimeSpan.FromMilliseconds(50), _paused);
    }

    // The workers of a simulation cannot schedule a later step, so a pause would never end.
    [Fact]
    public void Nothing_pauses_where_no_step_can_be_scheduled()
    {
        _pace.StepLater = null;
        _pace.BeginCommit();
        for (var i = 0; i < 100; i++) Assert.True(_pace.Step(Works));
    }

    void Pause(TimeSpan after)
    {
        Assert.True(after > TimeSpan.Zero);
        _time.Advance(after);
        _paused += after;
    }

    bool Works()
    {
        _time.Advance(Work);
        return true;
    }
}
