namespace Factstone;

/// <summary>
/// Headers as docs/format.md prints them, created without our own code. Unless
/// stated otherwise, all but the first have the fields of <see cref="Minimal"/>.
/// </summary>
static class HeaderVectors
{
    /// <summary>Position 1, version 1, recorded at 2023-11-14T22:13:20Z, of orders/42.</summary>
    public const string Minimal = "01" + "0401" + "0801" + "0C8080F28183898506" + "22066F7264657273" + "26023432";

    /// <summary>Position 128, version 127, of orders/ with the empty key.</summary>
    public const string EmptyKey = "01" + "048001" + "087F" + "0C8080F28183898506" + "22066F7264657273" + "2600";

    /// <summary>Every existing field. The ids are those of <see cref="Every"/>.</summary>
    public const string EveryField =
        "01" + "04FFFFFFFFFF7F" + "08AC02" + "0CEABCBAE5DED7A306" + "11018BCFE56800700080000000001A2B3C"
        + "162906746F74616C73020200112233445566778899AABBCCDDEEFFFFEEDDCCBBAA99887766554433221100"
        + "190123456789AB7CDE8F0123456789ABCD" + "1CFEFFBEB3A7C0AE03" + "22057461736B73" + "2606612F622FC3A9" + "2A0B7461736B2D636C6F736564"
        + "2E1B060161016209636F757273653A633102C3A903EFBCA104F09F9880" + "3001" + "34FEFF9AC79983A28407" + "3803" + "3E076F726465722037"
        + "42197B226275696C64223A372C226E616D65223A2273686F70227D" + "47" + "4A0A746578742F706C61696E";

    /// <summary>Valid from 0001-01-01T00:00:00Z, the first possible moment.</summary>
    public const string FromYear1 = Minimal + "30FFFFDDF2DFFFDFDC01";

    /// <summary>Valid from 9999-12-31T23:59:59.999999Z, the last possible moment.</summary>
    public const string FromYear9999 = Minimal + "30FEFF9AC79983A28407";

    /// <summary>Valid from 1969-12-31T23:59:59.999999Z, one microsecond before the epoch: −1.</summary>
    public const string BeforeEpoch = Minimal + "3001";

    /// <summary>Derived from 1,025 facts, whose list is beside the payload.</summary>
    public const string ManySources =
        "01" + "0401" + "0801" + "0C8080F28183898506" + "162A06746F74616C73028108878A52FC5FF6A57D50B7B870AA51637A3DFD38FC22352A39F95A3C292EB976D5"
        + "22066F7264657273" + "26023432";

    /// <summary>Four fields that this version does not know, one of each kind: 19 = 5, 20 an id, 300 "later", 301 present.</summary>
    public const string UnknownFields = Minimal + "4C05" + "5100112233445566778899AABBCCDDEEFF" + "B209056C61746572" + "B709";

    /// <summary>The fields that a caller encodes before the writer knows the others.</summary>
    public const string CallersFields =
        "161906746F74616C73010100112233445566778899AABBCCDDEEFF" + "22066F7264657273" + "26023432" + "2A06706C61636564"
        + "2E160209636F757273653A63310A73747564656E743A7331" + "308080EBA9F4EACF05" + "348080A687F8EFCF05" + "3802" + "3E076F726465722037"
        + "420D7B2261223A312C2262223A327D";

    /// <summary>Position 7, version 3, and a cause within the append, in front of <see cref="CallersFields"/>.</summary>
    public const string WritersAndCallersFields = "01" + "0407" + "0803" + "0C8080F28183898506" + "11018BCFE56800700080000000001A2B3C" + CallersFields;

    public static readonly string[] All =
        [Minimal, EmptyKey, EveryField, FromYear1, FromYear9999, BeforeEpoch, ManySources, UnknownFields, WritersAndCallersFields];

    public static readonly DateTimeOffset Time = new(2023, 11, 14, 22, 13, 20, TimeSpan.Zero);

    /// <summary>The values of <see cref="EveryField"/>.</summary>
    public static class Every
    {
        public static readonly DateTimeOffset RecordedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddMicroseconds(678_901);
        public static readonly DateTimeOffset OriginRecordedAt = new DateTimeOffset(1999, 12, 31, 23, 59, 59, TimeSpan.Zero).AddMicroseconds(999_999);
        public static readonly DateTimeOffset ValidFrom = new DateTimeOffset(1969, 12, 31, 23, 59, 59, TimeSpan.Zero).AddMicroseconds(999_999);
        public static readonly DateTimeOffset ValidTo = new DateTimeOffset(9999, 12, 31, 23, 59, 59, TimeSpan.Zero).AddMicroseconds(999_999);
        public static readonly Guid Causation = new("018bcfe5-6800-7000-8000-0000001a2b3c");
        public static readonly Guid ForeignId = new("01234567-89ab-7cde-8f01-23456789abcd");
        public static readonly Guid[] Sources = [new("00112233-4455-6677-8899-aabbccddeeff"), new("ffeeddcc-bbaa-9988-7766-554433221100")];
        public static readonly string[] Tags = ["a", "b", "course:c1", "é", "\uff21", "\U0001F600"];
    }
}
