namespace Factstone.Storage;

/// <summary>Merges sorted lists, each item once.</summary>
internal static class SortedUnion
{
    public static IEnumerable<string> Of(IReadOnlyList<IEnumerable<string>> lists, IComparer<string> order)
    {
        var open = new List<IEnumerator<string>>();
        try
        {
            foreach (var list in lists)
            {
                var items = list.GetEnumerator();
                if (items.MoveNext()) open.Add(items);
                else items.Dispose();
            }

            while (open.Count > 0)
            {
                var least = open[0].Current;
                for (var i = 1; i < open.Count; i++)
                    if (order.Compare(open[i].Current, least) < 0) least = open[i].Current;
                yield return least;

                for (var i = open.Count - 1; i >= 0; i--)
                {
                    if (order.Compare(open[i].Current, least) != 0 || open[i].MoveNext()) continue;
                    open[i].Dispose();
                    open.RemoveAt(i);
                }
            }
        }
        finally
        {
            foreach (var items in open) items.Dispose();
        }
    }
}
