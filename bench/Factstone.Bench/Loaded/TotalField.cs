namespace Factstone.Bench;

/// <summary>Reads the one field that is summed, from JSON in the form that this benchmark writes. All sides use it.</summary>
internal static class TotalField
{
    static ReadOnlySpan<byte> Name => "\"total\":"u8;

    /// <summary>The field <c>total</c> in hundredths.</summary>
    public static long Hundredths(ReadOnlySpan<byte> json)
    {
        var at = json.IndexOf(Name);
        if (at < 0) throw new InvalidDataException("A payload without a total.");
        var (value, decimals) = (0L, -1);
        foreach (var digit in json[(at + Name.Length)..])
        {
            if (digit == '.') decimals = 0;
            else if (digit is < (byte)'0' or > (byte)'9') break;
            else
            {
                value = (value * 10) + (digit - '0');
                if (decimals >= 0) decimals++;
            }
        }

        return decimals switch
        {
            2 => value,
            1 => value * 10,
            _ => value * 100,
        };
    }
}
