using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Factstone.Storage;

/// <summary>The paths of a store of blobs. See docs/format.md, "Blobs".</summary>
internal sealed class BlobLayout(string root)
{
    /// <summary>The characters of a CID that name its shard: the two before the last one, which has only 3 bits of the hash. IPFS divides its blocks in the same way (next-to-last/2).</summary>
    const int ShardAt = CidText.Length - 3;

    const int ShardLength = 2;

    const string PartEnding = ".part";

    public string Root => root;

    /// <summary>The directory of the places at which blobs are written.</summary>
    public string New => $"{root}/new";

    public string Shard(Cid cid) => $"{root}/{ShardName(cid.ToString())}";

    public string Blob(Cid cid)
    {
        var name = cid.ToString();
        return $"{root}/{ShardName(name)}/{name}";
    }

    /// <summary>Where one writer writes, which holds the lock in it.</summary>
    public string Seat(int number) => string.Create(CultureInfo.InvariantCulture, $"{root}/new/{number}");

    public static string Lock(string seat) => $"{seat}/LOCK";

    /// <summary>A blob that is being written. The name is random, so that it is never that of another writer.</summary>
    public static string NewPart(string seat) => $"{seat}/{Guid.NewGuid():N}{PartEnding}";

    public static bool IsPart(string name) =>
        name.Length == 32 + PartEnding.Length && name.EndsWith(PartEnding, StringComparison.Ordinal) && Guid.TryParseExact(name.AsSpan(0, 32), "N", out _);

    public static bool IsSeat(string name) => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0;

    /// <summary>Whether a name can be that of a directory of blobs.</summary>
    public static bool IsShard(string name) => name.Length == ShardLength && name.All(static unit => CidText.Alphabet.Contains(unit, StringComparison.Ordinal));

    /// <summary>Whether a file of a shard is a blob. Other files are none of the store's.</summary>
    public static bool IsBlob(string shard, string name, [NotNullWhen(true)] out Cid? cid)
    {
        cid = Cid.TryParse(name, null, out var found) && ShardName(name) == shard ? found : null;
        return cid is not null;
    }

    static string ShardName(string name) => name.Substring(ShardAt, ShardLength);
}
