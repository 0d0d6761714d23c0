using System.Text;
using Xunit;

namespace Factstone;

// The expected hashes were computed by sha256sum over the bytes that docs/format.md names. If one fails, the proof of a fact has changed:
// do not edit the expected bytes.
public sealed class FactHashTests
{
    static readonly byte[] Salt = Convert.FromHexString("000102030405060708090A0B0C0D0E0F");

    const string DigestOfOrder = "D13D60001FFAB3CB03F946CC570D2F519EEE20F3A6C98BC72E14C644C8D508E2";
    const string DigestOfNothing = "855D3B82555EA5B90C7F50936E97413AAF21D250473A02E769BCA0EF283669A2";
    const string LeafOfMinimal = "26245BF31AD632BEA2CF77DE14D82E9B0EBEA19F966CA497304C3BA5AE0C3E26";
    const string LeafOfEveryField = "FC5D6D2ADDCEEDD25B66F9B6C0D5A34206C0F5B4F26AC98C6FE63781BA55406B";
    const string NodeOfBoth = "812AF5EF3D08C2330C7900D2DCE8326460350ABA0C9E6F2A41678ECA78157822";

    public static readonly string[] All = [DigestOfOrder, DigestOfNothing, LeafOfMinimal, LeafOfEveryField, NodeOfBoth];

    static string Hash(byte[] hash) => Convert.ToHexString(hash);

    [Fact]
    public void The_digest_is_of_salt_and_length_of_metadata_and_metadata_and_payload()
    {
        Assert.Equal(DigestOfOrder, Hash(FactHash.PayloadDigest(Salt, """{"user":"ada"}"""u8, """{"total":50}"""u8)));
        Assert.Equal(DigestOfNothing, Hash(FactHash.PayloadDigest(Salt, [], [])));
    }

    [Fact]
    public void A_leaf_is_of_a_zero_and_header_and_digest()
    {
        Assert.Equal(LeafOfMinimal, Hash(FactHash.Leaf(Convert.FromHexString(HeaderVectors.Minimal), Convert.FromHexString(DigestOfOrder))));
        Assert.Equal(LeafOfEveryField, Hash(FactHash.Leaf(Convert.FromHexString(HeaderVectors.EveryField), Convert.FromHexString(DigestOfNothing))));
    }

    [Fact]
    public void A_node_is_of_a_one_and_left_and_right() =>
        Assert.Equal(NodeOfBoth, Hash(FactHash.Node(Convert.FromHexString(LeafOfMinimal), Convert.FromHexString(LeafOfEveryField))));

    [Fact]
    public void A_fact_has_the_digest_and_leaf_of_its_bytes()
    {
        var header = Convert.FromHexString(HeaderVectors.Minimal);
        Assert.True(HeaderView.TryRead(header, out var view));
        var fact = new Fact(view, header, Salt, Encoding.UTF8.GetBytes("""{"user":"ada"}"""), Encoding.UTF8.GetBytes("""{"total":50}"""), ledgerTag: 1);
        Assert.Equal(DigestOfOrder, Hash(fact.PayloadDigest()));
        Assert.Equal(LeafOfMinimal, Hash(fact.Leaf()));
    }

    // Without the length in between, a byte could move from the metadata to the payload without a change of the hash.
    [Fact]
    public void Metadata_and_payload_cannot_be_taken_for_each_other()
    {
        Assert.NotEqual(Hash(FactHash.PayloadDigest(Salt, "{}"u8, "{}1"u8)), Hash(FactHash.PayloadDigest(Salt, "{}{"u8, "}1"u8)));
        Assert.NotEqual(Hash(FactHash.PayloadDigest(Salt, "{}"u8, [])), Hash(FactHash.PayloadDigest(Salt, [], "{}"u8)));
    }

    [Fact]
    public void Another_salt_gives_another_digest_and_a_salt_of_another_length_none()
    {
        var other = Salt.ToArray();
        other[15] ^= 1;
        Assert.NotEqual(DigestOfOrder, Hash(FactHash.PayloadDigest(other, """{"user":"ada"}"""u8, """{"total":50}"""u8)));
        Assert.Throws<ArgumentException>(() => FactHash.PayloadDigest(new byte[15], [], []));
        Assert.Throws<ArgumentException>(() => FactHash.PayloadDigest([], [], []));
    }
}
