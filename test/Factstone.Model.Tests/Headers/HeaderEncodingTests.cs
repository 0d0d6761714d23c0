using Xunit;

namespace Factstone;

// If a vector here fails, the bytes that are hashed have changed: leaves and proofs that users hold no longer match. Fields never change; a
// new one gets a new number. Do not edit the expected bytes.
public sealed class HeaderEncodingTests
{
    delegate void Fields(ref HeaderWriter header);

    static string Written(Fields fields)
    {
        var target = new byte[FactLimits.HeaderBytesMax];
        var header = new HeaderWriter(target);
        header.Start();
        fields(ref header);
        return Convert.ToHexString(target.AsSpan(0, header.Length));
    }

    static bool CanRead(string hex) => HeaderView.TryRead(Convert.FromHexString(hex), out _);

    static HeaderView Read(byte[] bytes)
    {
        Assert.True(HeaderView.TryRead(bytes, out var header));
        return header;
    }

    static HeaderView Read(string hex) => Read(Convert.FromHexString(hex));

    static void WriteOrder42(ref HeaderWriter header, ulong position = 1, ulong version = 1)
    {
        header.Integer(HeaderField.Position, position);
        header.Integer(HeaderField.StreamVersion, version);
        header.Time(HeaderField.RecordedAt, Microseconds.From(HeaderVectors.Time));
    }

    [Fact]
    public void A_minimal_fact_has_these_bytes()
    {
        Assert.Equal(HeaderVectors.Minimal, Written((ref header) =>
        {
            WriteOrder42(ref header);
            header.Text(HeaderField.Store, "orders");
            header.Text(HeaderField.Key, "42");
        }));

        var read = Read(HeaderVectors.Minimal);
        Assert.Equal(new Position(1), read.Position);
        Assert.Equal(new StreamVersion(1), read.StreamVersion);
        Assert.Equal(HeaderVectors.Time, Microseconds.ToTime(read.RecordedAt));
        Assert.Equal("orders/42", read.Stream);
        Assert.Equal(1, read.SchemaVersion);
        Assert.False(read.Retracts);
        Assert.Empty(read.Tags);
        Assert.Null(read.Type);
        Assert.Null(read.Causation);
        Assert.Null(read.Derivation);
        Assert.Null(read.ForeignId);
        Assert.Null(read.OriginRecordedAt);
        Assert.Null(read.ValidFrom);
        Assert.Null(read.ValidTo);
        Assert.Null(read.Correlation);
        Assert.Null(read.Producer);
        Assert.Null(read.ContentType);
    }

    [Fact]
    public void An_empty_key_is_written_as_a_key_without_bytes()
    {
        Assert.Equal(HeaderVectors.EmptyKey, Written((ref header) =>
        {
            WriteOrder42(ref header, 128, 127);
            header.Text(HeaderField.Store, "orders");
            header.Text(HeaderField.Key, "");
        }));
        Assert.Equal(new StreamName("orders", ""), Read(HeaderVectors.EmptyKey).Stream);
    }

    [Fact]
    public void A_fact_with_every_field_has_these_bytes()
    {
        Assert.Equal(HeaderVectors.EveryField, Written((ref header) =>
        {
            header.Integer(HeaderField.Position, (ulong)Position.MaxValue);
            header.Integer(HeaderField.StreamVersion, 300);
            header.Time(HeaderField.RecordedAt, Microseconds.From(HeaderVectors.Every.RecordedAt));
            header.Id(HeaderField.Causation, HeaderVectors.Every.Causation);
            header.Derivation(new Derivation("totals", 2, HeaderVectors.Every.Sources));
            header.Id(HeaderField.ForeignId, HeaderVectors.Every.ForeignId);
            header.Time(HeaderField.OriginRecordedAt, Microseconds.From(HeaderVectors.Every.OriginRecordedAt));
            header.Text(HeaderField.Store, "tasks");
            header.Text(HeaderField.Key, "a/b/é");
            header.Text(HeaderField.Type, "task-closed");
            header.Tags(HeaderVectors.Every.Tags);
            header.Time(HeaderField.ValidFrom, Microseconds.From(HeaderVectors.Every.ValidFrom));
            header.Time(HeaderField.ValidTo, Microseconds.From(HeaderVectors.Every.ValidTo));
            header.Integer(HeaderField.SchemaVersion, 3);
            header.Text(HeaderField.Correlation, "order 7");
            header.Bytes(HeaderField.Producer, """{"build":7,"name":"shop"}"""u8);
            header.Present(HeaderField.Retracts);
            header.Text(HeaderField.ContentType, "text/plain");
        }));
    }

    [Fact]
    public void A_fact_read_from_these_bytes_has_every_field()
    {
        var bytes = Convert.FromHexString(HeaderVectors.EveryField);
        var fact = new Fact(Read(bytes), bytes, new byte[FactHash.SaltBytes], default, default, ledgerTag: 0x12345678);

        Assert.Equal(new Position(Position.MaxValue), fact.Position);
        Assert.Equal(new StreamVersion(300), fact.StreamVersion);
        Assert.Equal(HeaderVectors.Every.RecordedAt, fact.RecordedAt);
        Assert.Equal(HeaderVectors.Every.Causation, fact.Causation);
        Assert.Equal("totals", fact.Derivation!.Rule);
        Assert.Equal(2, fact.Derivation.Version);
        Assert.Equal(HeaderVectors.Every.Sources, fact.Derivation.Sources);
        Assert.Equal(2, fact.Derivation.SourceCount);
        Assert.Equal(HeaderVectors.Every.ForeignId, fact.Id);
        Assert.Equal(HeaderVectors.Every.OriginRecordedAt, fact.OriginRecordedAt);
        Assert.Equal(new StreamName("tasks", "a/b/é"), fact.Stream);
        Assert.Equal("task-closed", fact.Type);
        Assert.Equal(HeaderVectors.Every.Tags, fact.Tags);
        Assert.Equal(HeaderVectors.Every.ValidFrom, fact.ValidFrom);
        Assert.Equal(HeaderVectors.Every.ValidTo, fact.ValidTo);
        Assert.Equal(3, fact.SchemaVersion);
        Assert.Equal("order 7", fact.Correlation);
        Assert.Equal("""{"build":7,"name":"shop"}""", fact.Producer);
        Assert.True(fact.Retracts);
        Assert.Equal("text/plain", fact.ContentType);
        Assert.Equal(bytes, fact.Header.ToArray());
    }

    [Fact]
    public void Sources_too_many_for_a_header_are_a_count_and_a_hash()
    {
        var derivation = Read(HeaderVectors.ManySources).Derivation!;
        Assert.Equal("totals", derivation.Rule);
        Assert.Equal(2, derivation.Version);
        Assert.Equal(1_025, derivation.SourceCount);
        Assert.Empty(derivation.Sources);
        Assert.Equal("878A52FC5FF6A57D50B7B870AA51637A3DFD38FC22352A39F95A3C292EB976D5", Convert.ToHexString(derivation.SourcesHash.Span));
    }

    [Fact]
    public void The_writers_fields_go_in_front_of_what_the_caller_encoded()
    {
        var fact = NewFact.WithoutPayload("orders/42", "placed")
        with {
            CausationIndex = 0,
            Derivation = new Derivation("totals", 1, [HeaderVectors.Every.Sources[0]]),
            Tags = ["student:s1", "course:c1"],
            ValidFrom = new DateTimeOffset(2020, 2, 29, 2, 0, 0, TimeSpan.FromHours(2)),
            ValidTo = new DateTimeOffset(2020, 3, 1, 0, 0, 0, TimeSpan.Zero),
            SchemaVersion = 2,
            Correlation = "order 7",
            Producer = """{ "b": 2, "a": 1.0 }""",
        };
        var append = AppendPreparation.Prepare(new AppendRequest(NewFact.WithoutPayload("orders/42", null), fact), SaltSource.System);
        var prepared = append.Facts[1];
        Assert.Equal(0, prepared.CausationIndex);
        Assert.Equal(HeaderVectors.CallersFields, Convert.ToHexString(append.Header(prepared)));

        var callers = append.Header(prepared).ToArray();
        Assert.Equal(HeaderVectors.WritersAndCallersFields, Written((ref header) =>
        {
            WriteOrder42(ref header, 7, 3);
            header.Id(HeaderField.Causation, HeaderVectors.Every.Causation);
            header.Raw(callers);
        }));

        var read = Read(HeaderVectors.WritersAndCallersFields);
        Assert.Equal(HeaderVectors.Every.Causation, read.Causation);
        Assert.Equal(["course:c1", "student:s1"], read.Tags);
        Assert.Equal(2, read.SchemaVersion);
        Assert.Equal("""{"a":1,"b":2}""", read.Producer);
        append.Release();
    }

    [Fact]
    public void A_cause_outside_the_append_is_among_the_callers_fields()
    {
        var fact = NewFact.WithoutPayload("orders/42", null) with { Causation = HeaderVectors.Every.Causation };
        var append = AppendPreparation.Prepare(new AppendRequest(fact), SaltSource.System);
        Assert.Equal("11018BCFE56800700080000000001A2B3C" + "22066F7264657273" + "26023432", Convert.ToHexString(append.Header(append.Facts[0])));
        append.Release();
    }

    [Theory]
    [InlineData(HeaderVectors.FromYear1, "0001-01-01T00:00:00.000000Z")]
    [InlineData(HeaderVectors.BeforeEpoch, "1969-12-31T23:59:59.999999Z")]
    [InlineData(HeaderVectors.FromYear9999, "9999-12-31T23:59:59.999999Z")]
    public void Times_reach_from_year_1_to_year_9999(string hex, string time)
    {
        var from = Read(hex).ValidFrom!.Value;
        Assert.Equal(time, Microseconds.ToText(Microseconds.ToTime(from)));
        var minimal = Convert.FromHexString(HeaderVectors.Minimal);
        Assert.Equal(hex, Written((ref header) =>
        {
            header.Raw(minimal.AsSpan(1));
            header.Time(HeaderField.ValidFrom, from);
        }));
    }

    [Theory]
    [InlineData("30" + "8180DEF2DFFFDFDC01")] // one microsecond before year 1
    [InlineData("30" + "80809BC79983A28407")] // year 10000
    [InlineData("30" + "FFFFFFFFFFFFFFFFFF01")]
    public void A_time_outside_of_those_years_is_no_header(string field) => Assert.False(CanRead(HeaderVectors.Minimal + field));

    [Fact]
    public void Fields_that_are_not_known_are_kept_and_passed_over()
    {
        var bytes = Convert.FromHexString(HeaderVectors.UnknownFields);
        var header = Read(bytes);
        Assert.Equal("orders/42", header.Stream);

        var fact = new Fact(header, bytes, new byte[FactHash.SaltBytes], default, default, ledgerTag: 1);
        Assert.Equal(bytes, fact.Header.ToArray());
        Assert.NotEqual(
            Convert.ToHexString(FactHash.Leaf(Convert.FromHexString(HeaderVectors.Minimal), fact.PayloadDigest())),
            Convert.ToHexString(fact.Leaf()));
    }

    [Theory]
    [InlineData("not ascending", "01" + "0801" + "0401" + "0C8080F28183898506" + "22066F7264657273" + "26023432")]
    [InlineData("key before store", "01" + "0401" + "0801" + "0C8080F28183898506" + "26023432" + "22066F7264657273")]
    [InlineData("position twice", "01" + "0401" + "0401" + "0801" + "0C8080F28183898506" + "22066F7264657273" + "26023432")]
    [InlineData("key twice", HeaderVectors.Minimal + "26023432")]
    [InlineData("unknown twice", HeaderVectors.Minimal + "4C05" + "4C05")]
    [InlineData("field 0", "01" + "0001" + "0401" + "0801" + "0C8080F28183898506" + "22066F7264657273" + "26023432")]
    [InlineData("position not minimal", "01" + "048100" + "0801" + "0C8080F28183898506" + "22066F7264657273" + "26023432")]
    [InlineData("tag not minimal", "01" + "840001" + "0801" + "0C8080F28183898506" + "22066F7264657273" + "26023432")]
    [InlineData("length not minimal", "01" + "0401" + "0801" + "0C8080F28183898506" + "2286006F7264657273" + "26023432")]
    [InlineData("tags with a length not minimal", HeaderVectors.Minimal + "2E0401810061")]
    [InlineData("integer above 64 bits", "01" + "04FFFFFFFFFFFFFFFFFF02" + "0801" + "0C8080F28183898506" + "22066F7264657273" + "26023432")]
    [InlineData("version byte 0", "00" + "0401" + "0801" + "0C8080F28183898506" + "22066F7264657273" + "26023432")]
    [InlineData("version byte 2", "02" + "0401" + "0801" + "0C8080F28183898506" + "22066F7264657273" + "26023432")]
    [InlineData("no position", "01" + "0801" + "0C8080F28183898506" + "22066F7264657273" + "26023432")]
    [InlineData("position 0", "01" + "0400" + "0801" + "0C8080F28183898506" + "22066F7264657273" + "26023432")]
    [InlineData("position 2^42", "01" + "04808080808080" + "01" + "0801" + "0C8080F28183898506" + "22066F7264657273" + "26023432")]
    [InlineData("no stream version", "01" + "0401" + "0C8080F28183898506" + "22066F7264657273" + "26023432")]
    [InlineData("stream version 0", "01" + "0401" + "0800" + "0C8080F28183898506" + "22066F7264657273" + "26023432")]
    [InlineData("no time", "01" + "0401" + "0801" + "22066F7264657273" + "26023432")]
    [InlineData("no store", "01" + "0401" + "0801" + "0C8080F28183898506" + "26023432")]
    [InlineData("empty store", "01" + "0401" + "0801" + "0C8080F28183898506" + "2200" + "26023432")]
    [InlineData("no key", "01" + "0401" + "0801" + "0C8080F28183898506" + "22066F7264657273")]
    [InlineData("position as bytes", "01" + "060101" + "0801" + "0C8080F28183898506" + "22066F7264657273" + "26023432")]
    [InlineData("retracts as an integer", HeaderVectors.Minimal + "4401")]
    [InlineData("schema version 0", HeaderVectors.Minimal + "3800")]
    [InlineData("no tags in the list", HeaderVectors.Minimal + "2E0100")]
    [InlineData("a tag short", HeaderVectors.Minimal + "2E03020161")]
    [InlineData("a byte behind the tags", HeaderVectors.Minimal + "2E0401016162")]
    [InlineData("a rule name cut", "01" + "0401" + "0801" + "0C8080F28183898506" + "160406746F74" + "22066F7264657273" + "26023432")]
    [InlineData("a source short", "01" + "0401" + "0801" + "0C8080F28183898506" + "161301740101" + "00112233445566778899AABBCCDDEE" + "22066F7264657273" + "26023432")]
    [InlineData("a length of 4 GiB", HeaderVectors.Minimal + "2AFFFFFFFF0F61")]
    [InlineData("a length of 2^64 - 1", HeaderVectors.Minimal + "2AFFFFFFFFFFFFFFFFFF0161")]
    [InlineData("nothing", "")]
    public void What_breaks_a_rule_of_the_encoding_is_no_header(string rule, string hex) => Assert.False(CanRead(hex), rule);

    [Fact]
    public void A_header_of_more_than_65503_bytes_is_none()
    {
        var rest = FactLimits.HeaderBytesMax - (HeaderVectors.Minimal.Length / 2) - 4;
        var bytes = Convert.FromHexString(HeaderVectors.Minimal + "4E" + Hex.OfLength((ulong)rest) + new string('0', 2 * rest));
        Assert.Equal(FactLimits.HeaderBytesMax, bytes.Length);
        Assert.True(HeaderView.TryRead(bytes, out _));

        var longer = Convert.FromHexString(HeaderVectors.Minimal + "4E" + Hex.OfLength((ulong)rest + 1) + new string('0', 2 * (rest + 1)));
        Assert.False(HeaderView.TryRead(longer, out _));
    }

    [Fact]
    public void A_list_of_65_tags_is_no_header()
    {
        Assert.True(CanRead(HeaderVectors.Minimal + "2E4140" + new string('0', 2 * 64)));
        Assert.False(CanRead(HeaderVectors.Minimal + "2E4241" + new string('0', 2 * 65)));
    }

    // A header does not contain its length. Cut between two of its last fields, it is a shorter valid header, which only the fact's
    // checksum detects. Cut anywhere else, it is invalid.
    [Fact]
    public void A_header_cut_at_any_byte_is_none_or_ends_with_a_whole_field()
    {
        foreach (var vector in HeaderVectors.All)
        {
            var bytes = Convert.FromHexString(vector);
            var fieldEnds = FieldEnds(bytes);
            for (var cut = 0; cut < bytes.Length; cut++)
            {
                var isHeader = HeaderView.TryRead(bytes.AsSpan(0, cut), out var header);
                Assert.Equal(fieldEnds.Contains(cut), isHeader);
                if (isHeader) ReadEverything(header, bytes[..cut]);
            }
        }
    }

    [Fact]
    public void No_bit_of_a_header_can_be_flipped_so_that_reading_it_throws()
    {
        var read = 0;
        foreach (var vector in HeaderVectors.All)
        {
            var bytes = Convert.FromHexString(vector);
            for (var bit = 0; bit < bytes.Length * 8; bit++)
            {
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                if (HeaderView.TryRead(bytes, out var header))
                {
                    ReadEverything(header, bytes);
                    read++;
                }

                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }

        Assert.True(read > 0, "Some flips change a value only, and must be read.");
    }

    [Fact]
    public void Random_bytes_behind_the_version_are_read_without_throwing()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        try
        {
            for (var round = 0; round < 200_000; round++)
            {
                var bytes = new byte[random.Next(1, 80)];
                random.NextBytes(bytes);
                var minimal = Convert.FromHexString(HeaderVectors.Minimal);
                var whole = minimal.Concat(bytes).ToArray();
                if (HeaderView.TryRead(whole, out var header)) ReadEverything(header, whole);
                bytes[0] = HeaderWriter.Version;
                if (HeaderView.TryRead(bytes, out header)) ReadEverything(header, bytes);
            }
        }
        catch (Exception error) when (error is not Xunit.Sdk.XunitException)
        {
            Assert.Fail($"seed {seed}: {error}");
        }
    }

    [Fact]
    public void Fields_out_of_order_are_a_defect_of_the_writer_and_stop_it()
    {
        Assert.Throws<InvariantException>(() => Written((ref header) =>
        {
            header.Text(HeaderField.Key, "42");
            header.Text(HeaderField.Store, "orders");
        }));
        Assert.Throws<InvariantException>(() => Written((ref header) =>
        {
            header.Text(HeaderField.Key, "42");
            header.Text(HeaderField.Key, "43");
        }));
    }

    [Fact]
    public void Field_numbers_and_kinds_are_these_for_ever()
    {
        string[] expected =
        [
            "1 Position Integer", "2 StreamVersion Integer", "3 RecordedAt Integer", "4 Causation Id", "5 Derivation Bytes", "6 ForeignId Id",
            "7 OriginRecordedAt Integer", "8 Store Bytes", "9 Key Bytes", "10 Type Bytes", "11 Tags Bytes", "12 ValidFrom Integer", "13 ValidTo Integer",
            "14 SchemaVersion Integer", "15 Correlation Bytes", "16 Producer Bytes", "17 Retracts Present", "18 ContentType Bytes",
        ];
        Assert.Equal(expected, Enum.GetValues<HeaderField>().Select(field => $"{(int)field} {field} {HeaderView.KindOf(field)}"));
        Assert.Equal([0, 1, 2, 3], new[] { HeaderValue.Integer, HeaderValue.Id, HeaderValue.Bytes, HeaderValue.Present }.Select(kind => (int)kind));
    }

    [Fact]
    public void Headers_agree_if_only_position_time_causes_correlation_and_producer_differ()
    {
        Assert.Null(Differs("0407", "", "3E0161" + "42027B7D", HeaderVectors.Minimal));
        Assert.Equal(HeaderField.Type, Differs("0401", "2A0161", "", HeaderVectors.Minimal));
        Assert.Equal(HeaderField.Tags, Differs("0401", "2E03010161", "", HeaderVectors.Minimal));
        Assert.Equal(HeaderField.ValidFrom, Differs("0401", "3001", "", HeaderVectors.Minimal));
        Assert.Equal(HeaderField.ValidTo, Differs("0401", "3401", "", HeaderVectors.Minimal));
        Assert.Equal(HeaderField.SchemaVersion, Differs("0401", "3802", "", HeaderVectors.Minimal));
        Assert.Equal(HeaderField.Retracts, Differs("0401", "", "47", HeaderVectors.Minimal));
        Assert.Equal(HeaderField.ContentType, Differs("0401", "", "4A0161", HeaderVectors.Minimal));

        static HeaderField? Differs(string position, string middle, string end, string other) =>
            Read("01" + position + "0801" + "0C8080F28183898506" + "22066F7264657273" + "26023432" + middle + end).FirstDifference(Read(other));
    }

    /// <summary>The ends of the fields after the key. A header may end at each of them.</summary>
    static HashSet<int> FieldEnds(byte[] bytes)
    {
        var ends = new HashSet<int>();
        var at = 1;
        while (at < bytes.Length)
        {
            Leb128.TryRead(bytes, ref at, out var tag);
            switch (tag & 3)
            {
                case 0: Leb128.TryRead(bytes, ref at, out _); break;
                case 1: at += 16; break;
                case 2:
                    Leb128.TryRead(bytes, ref at, out var length);
                    at += (int)length;
                    break;
            }

            if (tag >> 2 >= (ulong)HeaderField.Key) ends.Add(at);
        }

        return ends;
    }

    static void ReadEverything(in HeaderView header, byte[] bytes)
    {
        var fact = new Fact(header, bytes, new byte[FactHash.SaltBytes], default, default, ledgerTag: 1);
        Assert.NotEmpty($"{fact} {fact.Id} {fact.RecordedAt} {fact.OriginRecordedAt} {fact.ValidFrom} {fact.ValidTo} {fact.Tags.Count} {fact.Derivation} {fact.Json}");
        Assert.NotEmpty(fact.Leaf());
        Assert.Null(header.FirstDifference(header));
    }
}
