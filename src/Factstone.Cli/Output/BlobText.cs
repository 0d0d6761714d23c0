namespace Factstone.Cli.Output;

/// <summary>A blob for people: one line for each field.</summary>
internal static class BlobText
{
    public static IEnumerable<string> Fields(BlobReference reference)
    {
        yield return FactText.Field("cid", reference.Cid.ToString());
        yield return FactText.Field("size", Counted.Text(reference.Size, "byte"));
        yield return FactText.Field("mime type", reference.Mime);
    }

    public static IEnumerable<string> Fields(BlobContent content)
    {
        yield return FactText.Field("cid", content.Cid.ToString());
        yield return FactText.Field("size", $"{Counted.Text(content.Size, "byte")}{(content.IsVerified ? ", verified" : "")}");
    }
}
