using System.Text;
using Xunit;

namespace Factstone;

/// <summary>
/// Marks read most headers without a visit to every field. For any bytes, they return the same as <see cref="HeaderView"/>.
/// </summary>
public sealed class HeaderMarksTests
{
    readonly HeaderMarks _marks = new();
    int _headers;

    static readonly string[] Vectors =
    [
        .. HeaderVectors.All,
        HeaderVectors.Minimal + "2A06706C61636564",
        HeaderVectors.Minimal + "2A00",
        "01" + "04FFFFFFFFFF7F" + "08FFFFFFFFFF7F" + "0CFEFF9AC79983A28407" + "220161" + "2600",
        "01" + "0401" + "0801" + "0C00" + "220161" + "2600" + "2A0170",
    ];

    [Fact]
    public void Marks_of_a_whole_cut_or_flipped_header_are_what_reading_it_says()
    {
        foreach (var vector in Vectors)
        {
            var bytes = Convert.FromHexString(vector);
            for (var cut = 0; cut <= bytes.Length; cut++) Same(bytes[..cut]);
            for (var bit = 0; bit < bytes.Length * 8; bit++)
            {
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                Same(bytes);
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }

        Assert.True(_headers > 1_000, $"Only {_headers} were headers.");
    }

    [Fact]
    public void Marks_of_random_bytes_are_what_reading_them_says()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        try
        {
            for (var round = 0; round < 200_000; round++)
            {
                var bytes = Convert.FromHexString(Vectors[random.Next(Vectors.Length)]);
                for (var change = random.Next(4); change > 0; change--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                Same(random.Next(4) > 0 ? bytes : [.. bytes, (byte)random.Next(256), (byte)random.Next(256)]);
            }
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            Assert.Fail($"seed {seed}: {error}");
        }
    }

    void Same(byte[] bytes)
    {
        var isHeader = HeaderView.TryRead(bytes, out var header);
        Assert.True(isHeader == _marks.TryRead(bytes), Convert.ToHexString(bytes));
        if (!isHeader) return;
        _headers++;
        Assert.Equal(
            (header.Position, header.StreamVersion, header.RecordedAt, header.Retracts, bytes.Length),
            (_marks.Position, _marks.StreamVersion, _marks.RecordedAt, _marks.Retracts, _marks.Length));
        Assert.True(header.Store.SequenceEqual(_marks.Store(bytes)) && header.Key.SequenceEqual(_marks.Key(bytes)) && header.TypeBytes.SequenceEqual(_marks.Type(bytes)), Encoding.UTF8.GetString(bytes));
        if (_marks.HasMore) return;
        Assert.Empty(header.Tags);
        Assert.Equal((null, null, null, 1), (header.OriginRecordedAt, header.ValidFrom, header.ValidTo, header.SchemaVersion));
        Assert.True(header.Causation is null && header.ForeignId is null && header.Derivation is null && header.Correlation is null && header.Producer is null && header.ContentType is null);
    }
}
