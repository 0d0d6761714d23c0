namespace Factstone;

static class Hex
{
    /// <summary>A length as it is encoded in a header.</summary>
    public static string OfLength(ulong value)
    {
        Span<byte> bytes = stackalloc byte[Leb128.BytesMax];
        return Convert.ToHexString(bytes[..Leb128.Write(bytes, value)]);
    }
}
