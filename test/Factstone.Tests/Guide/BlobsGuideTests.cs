using System.Text.Json;
using System.Text.Json.Serialization;

namespace Factstone.Tests.Guide.Blobs;

/// <summary>docs/guide/blobs.md</summary>
[Collection<OneAtATime>]
public sealed class BlobsGuideTests
{
    [Fact]
    public async Task A_blob_is_put_referred_to_and_read()
    {
        using var folder = new ScratchFolder();
        await File.WriteAllBytesAsync("photo.png", [1, 2, 3]);
        var output = Console.Capture();
        await ProgramAsync();

        Assert.Equal(["True", "True", "True", "False", "True"], output);
        Assert.Equal([1, 2, 3], await File.ReadAllBytesAsync("copy.png"));
        await using var readOnly = await Ledger.OpenReadOnlyAsync("./data");
        Assert.Equal(2, await readOnly.Blobs.ListAsync().CountAsync());
    }

    static async Task ProgramAsync()
    {
        await using var ledger = await Ledger.OpenAsync("./data", new LedgerOptions { Types = Album.Types });

        BlobReference photo;
        await using (var file = File.OpenRead("photo.png"))
            photo = await ledger.Blobs.PutAsync(file, "image/png");           // durable when it returns

        await ledger.AppendAsync(new NewFact("photos/7", new PhotoAdded("The harbour", photo)));

        var added = (PhotoAdded)(await ledger.ReadLatestAsync("photos/7"))!.Value!;

        await using (var content = await ledger.Blobs.OpenReadAsync(added.Photo.Cid))
        await using (var copy = File.Create("copy.png"))
            await content.CopyToAsync(copy);                                  // verified when it returns

        byte[] small = await ledger.Blobs.ReadAsync(added.Photo.Cid);         // at most 4 MiB, or a limit of yours
        Console.WriteLine(small.Length == added.Photo.Size);                  // True

        var again = await ledger.Blobs.PutAsync(small, "image/png");
        Console.WriteLine(again == photo);                                    // True
        Console.WriteLine(Cid.Of(small) == photo.Cid);                        // True: no store is needed for that

        var cid = Cid.Parse("bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq");
        Console.WriteLine(await ledger.Blobs.ExistsAsync(cid));               // False

        try
        {
            await ledger.Blobs.ReadAsync(cid);
        }
        catch (BlobNotFoundException missing)
        {
            Console.WriteLine(missing.Cid == cid);                            // True: it was never put, or its file was removed
        }
        catch (BlobDamagedException damaged)
        {
            Console.WriteLine(damaged.Location);                              // the file; put the content again, or take it from a backup
        }

        await using var uploads = await Ledger.OpenBlobsAsync("./data");
        var reference = await uploads.PutAsync("hello"u8.ToArray(), "text/plain");

        Assert.Equal(cid, reference.Cid);

        await using var archive = await BlobStore.OpenAsync("./archive");
        await archive.PutAsync("hello"u8.ToArray(), "text/plain");

        Assert.True(await archive.ExistsAsync(cid));
    }
}

public sealed record PhotoAdded(string Title, BlobReference Photo);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(PhotoAdded))]
internal sealed partial class AlbumJson : JsonSerializerContext;

public static class Album
{
    public static readonly FactTypes Types = new FactTypes(AlbumJson.Default).Add<PhotoAdded>("photo-added");
}
