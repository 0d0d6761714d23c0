using System.Globalization;
using Factstone.Storage;

namespace Factstone.Tests.Indexing;

/// <summary>What a reader sees of the lists of a part in memory while the writer adds to them.</summary>
public sealed class MemoryListTests
{
    const int Items = 1_000;

    sealed class Listed
    {
        public SmallList<long> List;
    }

    [Fact]
    public void A_small_list_has_what_was_added_at_every_length()
    {
        var listed = new Listed();
        Assert.True(listed.List.Items.IsEmpty);
        for (var i = 0; i < 100; i++)
        {
            listed.List.Add(i);
            Assert.Equal(i + 1, listed.List.Count);
            Assert.Equal(Enumerable.Range(0, i + 1).Select(static n => (long)n), listed.List.Items.ToArray());
            for (var j = 0; j <= i; j++) Assert.Equal(j, listed.List[j]);
        }
    }

    [Fact]
    public async Task Who_reads_a_small_list_while_it_grows_sees_its_beginning()
    {
        for (var round = 0; round < 200; round++)
        {
            var listed = new Listed();
            var reader = Task.Run(() =>
            {
                for (var seen = 0; seen < Items;)
                {
                    var count = listed.List.Count;
                    var items = listed.List.Items;
                    Assert.True(items.Length >= count && count >= seen);
                    for (var i = 0; i < items.Length; i++) Assert.Equal(i, items[i]);
                    if (count > 0) Assert.Equal(count - 1, listed.List[count - 1]);
                    seen = items.Length;
                }
            });
            for (var i = 0; i < Items; i++) listed.List.Add(i);
            await reader;
        }
    }

    // The run builder must not touch the growing part. For a moment it did not
    // know which part that was, and made a run of the last part that readers knew.
    [Fact]
    public async Task The_part_that_grows_is_always_one_that_readers_know()
    {
        var index = new FactIndex(new StorageOptions());
        var reader = Task.Run(() =>
        {
            for (var last = 0L; last < 5_000;)
            {
                var active = index.Active;
                Assert.True(index.Parts.LastIndexOf(active) >= 0);
                last = active.Number;
            }
        });
        for (var i = 0; i < 5_000; i++)
        {
            index.Freeze(default);
            if (reader.IsFaulted) break;
        }

        await reader;
    }

    [Fact]
    public void A_table_of_terms_finds_each_that_was_added_and_no_other()
    {
        var table = new TermTable(new Position(1));
        for (var i = 0; i < 5_000; i++)
        {
            var list = table.FindOrAdd(Term.Tag(Text(i)));
            Assert.Same(list, table.FindOrAdd(Term.Tag(Text(i))));
            Assert.Null(table.Find(Term.Type(Text(i))));
        }

        for (var i = 0; i < 5_000; i++) Assert.Equal(Text(i), table.Find(Term.Tag(Text(i)))!.Term.Name);
        Assert.Null(table.Find(Term.Tag("5000")));
        Assert.Equal(5_000, table.All().Distinct().Count());

        static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
    }
}
