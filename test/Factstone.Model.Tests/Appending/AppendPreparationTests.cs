using System.Text;
using Xunit;

namespace Factstone;

/// <summary>
/// Every limit: a value at the limit is accepted. A value beyond it is refused, and the message names the fact and the limit.
/// </summary>
public sealed class AppendPreparationTests
{
    const int MiB = 1_024 * 1_024;

    static readonly NewFact Placed = new("orders/42", "placed", """{"total":50}""");

    static NewFact In(string store, string key) => NewFact.WithoutPayload(new StreamName(store, key), "placed");

    static NewFact WithPayload(string json) => new("orders/42", "placed", json);

    static NewFact WithPayload(byte[] payload) => new("orders/42", "placed", payload);

    static PreparedAppend Prepare(params NewFact[] facts) => AppendPreparation.Prepare(new AppendRequest(facts), SaltSource.System);

    static void Accepted(params NewFact[] facts) => Accepted(new AppendRequest(facts));

    static void Accepted(AppendRequest request) => AppendPreparation.Prepare(request, SaltSource.System).Release();

    static string Refused(AppendRequest request) => Assert.ThrowsAny<ArgumentException>(() => AppendPreparation.Prepare(request, SaltSource.System)).Message;

    /// <summary>Returns the message, after a check that it names the fact.</summary>
    static string Refused(NewFact fact)
    {
        var message = Refused(new AppendRequest(Placed, fact));
        Assert.StartsWith("facts[1]", message, StringComparison.Ordinal);
        return message;
    }

    static void Refused(NewFact fact, params string[] says)
    {
        var message = Refused(fact);
        foreach (var part in says) Assert.Contains(part, message, StringComparison.Ordinal);
    }

    static string JsonText(int bytes) => $"\"{new string('a', bytes - 2)}\"";

    static string Nested(int depth) => new string('[', depth) + new string(']', depth);

    [Fact]
    public void A_fact_is_kept_as_given()
    {
        var append = Prepare(Placed with { Metadata = """{ "user": "ada" }""" });
        var fact = append.Facts[0];
        Assert.Equal("22066F7264657273" + "26023432" + "2A06706C61636564", Convert.ToHexString(append.Header(fact)));
        Assert.Equal("""{"total":50}""", Encoding.UTF8.GetString(append.Payload(fact)));
        Assert.Equal("""{ "user": "ada" }{"total":50}""", Encoding.UTF8.GetString(append.Body(fact)[FactHash.SaltBytes..]));
        Assert.True(append.Bytes >= append.Header(fact).Length + append.Body(fact).Length);
        append.Release();
    }

    // A fact with only a stream and a type copies the header of the fact before it, if that has the same.
    [Fact]
    public void A_fact_has_the_same_header_behind_any_other_as_alone()
    {
        var plain = Placed;
        NewFact[] kinds =
        [
            plain, WithPayload("[]"), NewFact.WithoutPayload("orders/42", null), NewFact.WithoutPayload("orders/43", "placed"), NewFact.WithoutPayload("notes/42", "placed"), NewFact.WithoutPayload("orders/42", "closed"),
            plain with { Tags = ["a"] }, plain with { ValidFrom = DateTimeOffset.UnixEpoch }, plain with { ValidTo = DateTimeOffset.UnixEpoch },
            plain with { SchemaVersion = 2 }, plain with { Correlation = "c" }, plain with { Producer = "{}" }, plain with { Causation = Guid.NewGuid() },
            plain with { Derivation = new Derivation("rule", 1, []) }, plain with { Retracts = true }, plain with { ContentType = "text/plain" }, plain with { Metadata = "{}" },
        ];
        foreach (var before in kinds)
        {
            foreach (var fact in kinds)
            {
                var (alone, behind) = (Prepare(fact), Prepare(before, fact));
                Assert.Equal(Convert.ToHexString(alone.Header(alone.Facts[0])), Convert.ToHexString(behind.Header(behind.Facts[1])));
                alone.Release();
                behind.Release();
            }
        }
    }

    [Fact]
    public void Each_fact_has_a_salt_of_its_own()
    {
        var append = Prepare([.. Enumerable.Repeat(Placed, 1_000)]);
        var salts = append.Facts.Select(fact => Convert.ToHexString(append.Body(fact)[..FactHash.SaltBytes])).ToHashSet();
        Assert.Equal(1_000, salts.Count);
        append.Release();
    }

    [Fact]
    public void An_append_without_facts_is_refused() => Assert.Contains("has no fact", Refused(new AppendRequest()), StringComparison.Ordinal);

    [Fact]
    public void An_append_takes_10000_facts_and_no_more()
    {
        Accepted([.. Enumerable.Repeat(Placed, 10_000)]);
        Assert.Contains("10,001 facts; at most 10,000", Refused(new AppendRequest([.. Enumerable.Repeat(Placed, 10_001)])), StringComparison.Ordinal);
    }

    [Fact]
    public void An_append_takes_10000_conditions_and_no_more()
    {
        var condition = AppendCondition.StreamExists("orders/42");
        Accepted(new AppendRequest(Placed) { Conditions = [.. Enumerable.Repeat(condition, 10_000)] });
        var message = Refused(new AppendRequest(Placed) { Conditions = [.. Enumerable.Repeat(condition, 10_001)] });
        Assert.Contains("10,001 conditions; at most 10,000", message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_append_takes_32_MiB_and_no_more()
    {
        var large = WithPayload(JsonText(4 * MiB));
        var rest = WithPayload(JsonText((4 * MiB) - 2_048));
        Accepted([large, large, large, large, large, large, large, rest]);
        var message = Refused(new AppendRequest([large, large, large, large, large, large, large, large]));
        Assert.Contains("33,554,432 bytes", message, StringComparison.Ordinal);
        Assert.Contains("facts[7]", message, StringComparison.Ordinal);
        Assert.Contains("Split it", message, StringComparison.Ordinal);
        Assert.Contains("facts[7]", Refused(new AppendRequest([.. Enumerable.Repeat(large, 9)])), StringComparison.Ordinal);
        Assert.Contains("33,554,432 bytes", Refused(new AppendRequest([.. Enumerable.Repeat(WithPayload(JsonText(4_096)), 8_448)])), StringComparison.Ordinal);
    }

    [Fact]
    public void A_payload_has_4_MiB_and_no_more()
    {
        Accepted(WithPayload(JsonText(4 * MiB)));
        Accepted(WithPayload(Encoding.UTF8.GetBytes(JsonText(4 * MiB))));
        foreach (var bytes in new[] { (4 * MiB) + 1, 5 * MiB, 13 * MiB })
        {
            string[] says = [$"{bytes:N0} bytes; at most 4,194,304", "blob"];
            Refused(WithPayload(JsonText(bytes)), says);
            Refused(WithPayload(Encoding.UTF8.GetBytes(JsonText(bytes))), says);
            Refused(WithPayload(new byte[bytes]) with { ContentType = "application/octet-stream" }, says);
        }
    }

    [Fact]
    public void The_limit_of_a_payload_is_in_bytes_of_UTF_8()
    {
        Accepted(WithPayload($"\"{new string('é', (2 * MiB) - 1)}\""));
        Refused(WithPayload($"\"{new string('é', 2 * MiB)}\""), "4,194,306 bytes");
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("{\"total\":", "not JSON", "byte 9")]
    [InlineData("{total:50}", "not JSON")]
    [InlineData("1 2", "not JSON")]
    [InlineData("NaN", "not JSON")]
    [InlineData("[1,Infinity]", "not JSON")]
    [InlineData("""{"a":1,"a":2}""", "\"a\"", "in its object already")]
    [InlineData("""{"a":1,"\u0061":2}""", "in its object already")]
    [InlineData("""["\ud800"]""", "surrogate", "\\ud800")]
    [InlineData("\ufeff{}", "byte order mark")]
    public void A_payload_that_is_not_the_JSON_a_ledger_takes_is_refused_with_the_place(string json, params string[] says)
    {
        Refused(WithPayload(json), says);
        if (json.Length > 0) Refused(WithPayload(Encoding.UTF8.GetBytes(json)), says);
    }

    [Fact]
    public void A_payload_may_be_128_deep_and_no_more()
    {
        Accepted(WithPayload(Nested(128)));
        Refused(WithPayload(Nested(129)), "128");
        Refused(WithPayload(Nested(10_000)), "128");
    }

    [Fact]
    public void Half_of_a_surrogate_pair_is_refused_in_every_text()
    {
        Refused(Placed with { Metadata = "{\"user\":\"\ud800\"}" }, "metadata", "surrogate");
        Refused(Placed with { Producer = "{\"a\":\"\ud800\"}" }, "producer", "surrogate");
        Refused(WithPayload("\"\ud800\""), "payload", "surrogate");
        Refused(WithPayload("\"a\udc00b\""), "payload", "surrogate");
        Refused(WithPayload("\"\ud83d"), "payload", "surrogate");
    }

    [Theory]
    [InlineData("22FF22")] // never a byte of UTF-8
    [InlineData("22C0AF22")] // overlong
    [InlineData("22EDA08022")] // a surrogate
    [InlineData("22F490808022")] // beyond U+10FFFF
    [InlineData("22C3")] // cut
    public void A_payload_that_is_not_UTF_8_is_refused(string hex) => Refused(WithPayload(Convert.FromHexString(hex)), "not UTF-8", "ContentType");

    [Fact]
    public void Bytes_that_are_not_JSON_are_taken_with_a_content_type()
    {
        byte[] bytes = [0xFF, 0x00, 0x7B];
        var append = Prepare(WithPayload(bytes) with { ContentType = "application/octet-stream" });
        Assert.Equal(bytes, append.Payload(append.Facts[0]));
        append.Release();
        Refused(WithPayload(bytes) with { ContentType = "" }, "content type is empty");
        Refused(WithPayload(bytes) with { ContentType = new string('a', 129) }, "129 bytes; at most 128");
    }

    // The content type of JSON is omitted from a header, so that a fact has exactly one header. A payload of that type must be JSON.
    [Fact]
    public void A_content_type_that_says_JSON_is_the_same_as_none()
    {
        var append = Prepare(Placed with { ContentType = "application/json" }, Placed);
        Assert.Equal(append.Header(append.Facts[1]), append.Header(append.Facts[0]));
        append.Release();
        Refused(WithPayload("{total") with { ContentType = "application/json" }, "not JSON");
        Refused(WithPayload("{total") with { ContentType = "Application/JSON" }, "not JSON");
    }

    [Fact]
    public void A_fact_has_64_tags_and_no_more()
    {
        var tags = Enumerable.Range(0, 65).Select(i => $"t{i}").ToArray();
        Accepted(Placed with { Tags = tags[..64] });
        Refused(Placed with { Tags = tags }, "65 tags; at most 64");
    }

    [Fact]
    public void Tags_are_distinct_and_have_1_to_256_bytes()
    {
        Accepted(Placed with { Tags = [new string('é', 128), "b"] });
        Refused(Placed with { Tags = ["b", "a", "b"] }, "'b' twice");
        Refused(Placed with { Tags = [new string('é', 128) + "a"] }, "257 bytes; at most 256");
        Refused(Placed with { Tags = [""] }, "is empty");
        Refused(Placed with { Tags = ["a\u0000"] }, "U+0000");
        Refused(Placed with { Tags = ["a\ud800"] }, "surrogate");
        Refused(Placed with { Tags = [null!] }, "A tag is null");
        Refused(Placed with { Tags = null! }, "not null");
    }

    [Fact]
    public void Tags_are_put_in_the_order_of_their_bytes_and_the_callers_list_stays_as_it_was()
    {
        string[] tags = ["\U0001F600", "b", "\uff21", "a", "course:c1", "é"];
        var append = Prepare(NewFact.WithoutPayload("orders/42", null) with { Tags = tags });
        Assert.EndsWith("2E1B060161016209636F757273653A633102C3A903EFBCA104F09F9880", Convert.ToHexString(append.Header(append.Facts[0])), StringComparison.Ordinal);
        Assert.Equal("\U0001F600", tags[0]);
        append.Release();
    }

    [Fact]
    public void A_producer_has_4_KiB_in_canonical_form_and_no_more()
    {
        static string Producer(int bytes) => $$"""{"a":"{{new string('x', bytes - 8)}}"}""";
        Accepted(Placed with { Producer = Producer(4_096) });
        Accepted(Placed with { Producer = new string(' ', 4_096) + Producer(4_096) });
        Refused(Placed with { Producer = Producer(4_097) }, "4,097 bytes; at most 4,096");
        Refused(Placed with { Producer = Producer(5 * MiB) }, "at most 4,096");
        // The text is short, but 1e20 has 21 digits in canonical form.
        Refused(Placed with { Producer = $$"""{"a":[{{string.Join(',', Enumerable.Repeat("1e20", 300))}}]}""" }, "at most 4,096");
    }

    [Theory]
    [InlineData("[]", "object")]
    [InlineData("\"build 7\"", "object")]
    [InlineData("{", "not JSON")]
    [InlineData("", "empty")]
    [InlineData("""{"a":1,"a":2}""", "already")]
    [InlineData("""{"a":1e400}""", "1e400", "too large")]
    public void A_producer_is_a_JSON_object_with_a_canonical_form(string producer, params string[] says) => Refused(Placed with { Producer = producer }, says);

    [Fact]
    public void Metadata_has_16_KiB_and_no_more()
    {
        static string Metadata(int bytes) => $$"""{"a":"{{new string('x', bytes - 8)}}"}""";
        Accepted(Placed with { Metadata = Metadata(16_384) });
        Refused(Placed with { Metadata = Metadata(16_385) }, "16,385 bytes; at most 16,384");
    }

    // Text of any length was encoded before it was measured. That took a buffer of its size. From 715 million characters on, it caused an
    // arithmetic overflow instead of a refusal.
    [Fact]
    public void Metadata_far_beyond_the_limit_is_refused_without_a_buffer_of_its_size()
    {
        var request = new AppendRequest(Placed with { Metadata = new string('x', 200 * MiB) });
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("at most 16,384", Refused(request), StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MiB);
    }

    [Theory]
    [InlineData("[]", "object")]
    [InlineData("""{"user":7}""", "text")]
    [InlineData("""{"user":{"name":"ada"}}""", "text")]
    [InlineData("", "empty")]
    public void Metadata_is_a_JSON_object_of_texts(string metadata, params string[] says) => Refused(Placed with { Metadata = metadata }, says);

    [Fact]
    public void A_derivation_names_1024_sources_and_no_more()
    {
        static Derivation From(int sources) => new("totals", 1, [.. Enumerable.Range(0, sources).Select(_ => Guid.NewGuid())]);
        Accepted(Placed with { Derivation = From(1_024) });
        Accepted(Placed with { Derivation = From(0) });
        Refused(Placed with { Derivation = From(1_025) }, "1,025 sources; at most 1,024");
    }

    [Fact]
    public void A_derivation_names_a_rule_and_its_version()
    {
        Accepted(Placed with { Derivation = new Derivation(new string('a', 256), 1, []) });
        Refused(Placed with { Derivation = new Derivation(new string('a', 257), 1, []) }, "257 bytes; at most 256");
        Refused(Placed with { Derivation = new Derivation("", 1, []) }, "rule's name is empty");
        Refused(Placed with { Derivation = new Derivation("totals", 0, []) }, "version is 0");
        Refused(Placed with { Derivation = new Derivation(null!, 1, []) }, "no rule");
        Refused(Placed with { Derivation = new Derivation("totals", 1, []) with { Sources = null! } }, "no list of sources");
    }

    [Fact]
    public void The_largest_fact_there_is_has_a_header_within_its_limit()
    {
        var append = Prepare(new NewFact(new StreamName(new string('s', 128), new string('k', 1_024)), new string('t', 256), JsonText(4 * MiB))
        {
            Tags = [.. Enumerable.Range(0, 64).Select(i => $"{i:D256}")],
            ValidFrom = DateTimeOffset.MinValue,
            ValidTo = DateTimeOffset.MaxValue,
            SchemaVersion = long.MaxValue,
            Causation = Guid.NewGuid(),
            Correlation = new string('c', 128),
            Producer = $$"""{"a":"{{new string('x', 4_088)}}"}""",
            Derivation = new Derivation(new string('r', 256), long.MaxValue, [.. Enumerable.Range(0, 1_024).Select(_ => Guid.NewGuid())]),
            ContentType = new string('p', 128),
            Metadata = $$"""{"a":"{{new string('x', 16_376)}}"}""",
        });
        Assert.InRange(append.Header(append.Facts[0]).Length, 38_000, FactLimits.HeaderBytesMax - 64);
        append.Release();
    }

    [Fact]
    public void A_key_has_0_to_1024_bytes()
    {
        Accepted(In("orders", ""));
        Accepted(In("orders", new string('k', 1_024)));
        Accepted(In("orders", new string('é', 512)));
        Refused(In("orders", new string('k', 1_025)), "1,025 bytes; at most 1,024");
        Refused(In("orders", new string('é', 512) + "k"), "1,025 bytes; at most 1,024");
        Refused(In("orders", new string('k', 2_000)), "2,000 bytes; at most 1,024");
    }

    [Fact]
    public void A_store_has_1_to_128_bytes()
    {
        Accepted(In("s", "42"));
        Accepted(In(new string('s', 128), "42"));
        Refused(In("", "42"), "store is empty");
        Refused(In(new string('s', 129), "42"), "129 bytes; at most 128");
        Refused(In(new string('é', 65), "42"), "130 bytes; at most 128");
    }

    [Theory]
    [InlineData(".", "cannot be named '.'")]
    [InlineData("..", "cannot be named '..'")]
    [InlineData("a/b", "'/'")]
    [InlineData("$x", "belong to Factstone")]
    [InlineData("$", "belong to Factstone")]
    [InlineData("$receipts", "belong to Factstone")]
    public void A_store_cannot_be_named_like_a_directory_or_like_our_own(string store, string says) => Refused(In(store, "42"), says);

    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("$")]
    [InlineData("$x")]
    [InlineData("../../etc/passwd")]
    [InlineData("/")]
    [InlineData(" ")]
    [InlineData("\\")]
    public void A_key_may_be_what_a_store_may_not(string key) => Accepted(In("orders", key), In("...", key), In("a$", key));

    [Theory]
    [InlineData("\u0000")]
    [InlineData("\n")]
    [InlineData("\u001f")]
    [InlineData("\u007f")]
    [InlineData("\u0080")]
    [InlineData("\u009f")]
    public void A_control_character_is_refused_in_every_name(string control)
    {
        var says = $"U+{(int)control[0]:X4}";
        Refused(In("orders" + control, "42"), "store", says);
        Refused(In("orders", "4" + control), "key", says, "index 1");
        Refused(Placed with { Type = "placed" + control }, "type", says);
        Refused(Placed with { Tags = [control] }, "tag", says);
        Refused(Placed with { Correlation = control }, "correlation", says);
        Refused(Placed with { ContentType = control }, "content type", says);
        Refused(Placed with { Derivation = new Derivation(control, 1, []) }, "rule", says);
        Assert.Contains(says, Refused(new AppendRequest(Placed) { AppendId = control }), StringComparison.Ordinal);
    }

    [Fact]
    public void The_characters_next_to_the_controls_are_taken() => Accepted(In("a\u0020\u007e\u00a0", "\u0020\u007e\u00a0"));

    [Fact]
    public void Half_of_a_surrogate_pair_is_refused_in_every_name()
    {
        foreach (var half in new[] { "\ud800", "\udc00", "a\udfff" })
        {
            Refused(In(half, "42"), "store", "surrogate");
            Refused(In("orders", half), "key", "surrogate");
            Refused(Placed with { Type = half }, "type", "surrogate");
            Refused(Placed with { Correlation = half }, "correlation", "surrogate");
            Refused(Placed with { Derivation = new Derivation(half, 1, []) }, "rule", "surrogate");
            Assert.Contains("surrogate", Refused(new AppendRequest(Placed) { AppendId = half }), StringComparison.Ordinal);
            Assert.Contains("surrogate", Refused(new AppendRequest(Placed) { Conditions = [AppendCondition.StreamExists(new StreamName("orders", half))] }), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_type_has_1_to_256_bytes_where_there_is_one()
    {
        Accepted(Placed with { Type = null });
        Accepted(Placed with { Type = new string('t', 256) });
        Refused(Placed with { Type = "" }, "type is empty");
        Refused(Placed with { Type = new string('t', 257) }, "257 bytes; at most 256");
    }

    [Fact]
    public void A_correlation_has_1_to_128_bytes_where_there_is_one()
    {
        Accepted(Placed with { Correlation = new string('c', 128) });
        Refused(Placed with { Correlation = "" }, "correlation is empty");
        Refused(Placed with { Correlation = new string('c', 129) }, "129 bytes; at most 128");
    }

    [Fact]
    public void A_fact_of_no_stream_is_refused()
    {
        Refused(NewFact.WithoutPayload(default, "placed"), "no stream", "STORE/KEY");
        Refused(NewFact.WithoutPayload("orders/42", "placed") with { Stream = default }, "no stream");
    }

    [Fact]
    public void A_schema_version_starts_at_1()
    {
        Accepted(Placed with { SchemaVersion = long.MaxValue });
        Refused(Placed with { SchemaVersion = 0 }, "version is 0");
        Refused(Placed with { SchemaVersion = -1 }, "version is -1");
    }

    [Fact]
    public void A_fact_is_valid_for_at_least_a_microsecond_if_it_says_from_when_to_when()
    {
        var from = HeaderVectors.Time;
        Accepted(Placed with { ValidFrom = from, ValidTo = from.AddMicroseconds(1) });
        Accepted(Placed with { ValidFrom = DateTimeOffset.MinValue, ValidTo = DateTimeOffset.MaxValue });
        Accepted(Placed with { ValidTo = DateTimeOffset.MinValue });
        Refused(Placed with { ValidFrom = from, ValidTo = from }, "2023-11-14T22:13:20.000000Z", "earlier");
        Refused(Placed with { ValidFrom = from, ValidTo = from.AddMicroseconds(-1) }, "2023-11-14T22:13:19.999999Z", "earlier");
        Refused(Placed with { ValidFrom = from, ValidTo = from.AddTicks(9) }, "earlier");
        // The same moment in two time zones.
        Refused(Placed with { ValidFrom = from, ValidTo = from.ToOffset(TimeSpan.FromHours(5)) }, "earlier");
    }

    [Fact]
    public void A_retraction_may_say_why()
    {
        Accepted(NewFact.Retraction("orders/42"));
        Accepted(NewFact.Retraction("orders/42", "deleted") with { Metadata = """{"user":"ada"}""" });
        Accepted(Placed with { Retracts = true });
        Refused(WithPayload("") with { Retracts = true }, "empty");
    }

    [Fact]
    public void A_cause_by_index_is_an_earlier_fact_of_the_append()
    {
        Accepted(Placed, Placed with { CausationIndex = 0 }, Placed with { CausationIndex = 1 });
        Refused(Placed with { CausationIndex = 1 }, "facts[1]", "earlier");
        Refused(Placed with { CausationIndex = 2 }, "facts[2]", "earlier");
        Refused(Placed with { CausationIndex = -1 }, "facts[-1]", "earlier");
        Refused(Placed with { CausationIndex = 0, Causation = Guid.NewGuid() }, "two causes");
    }

    [Fact]
    public void An_append_id_has_1_to_128_bytes_where_there_is_one()
    {
        Accepted(new AppendRequest(Placed) { AppendId = "a" });
        Accepted(new AppendRequest(Placed) { AppendId = new string('é', 64) });
        Assert.Contains("append id is empty", Refused(new AppendRequest(Placed) { AppendId = "" }), StringComparison.Ordinal);
        Assert.Contains("129 bytes; at most 128", Refused(new AppendRequest(Placed) { AppendId = new string('a', 129) }), StringComparison.Ordinal);
        Assert.Contains("130 bytes; at most 128", Refused(new AppendRequest(Placed) { AppendId = new string('é', 65) }), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_null_is_refused_by_name()
    {
        Assert.Throws<ArgumentNullException>(() => AppendPreparation.Prepare(null!, SaltSource.System));
        Assert.Contains("not null", Refused(new AppendRequest { Facts = null! }), StringComparison.Ordinal);
        Assert.Contains("not null", Refused(new AppendRequest(Placed) { Conditions = null! }), StringComparison.Ordinal);
        Assert.StartsWith("facts[1]: It is null", Refused(new AppendRequest(Placed, null!)), StringComparison.Ordinal);
        Assert.StartsWith("conditions[0]: It is null", Refused(new AppendRequest(Placed) { Conditions = [null!] }), StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => new NewFact("orders/42", "placed", (string)null!));
    }

    [Fact]
    public void A_condition_asks_for_a_version_that_can_be()
    {
        Accepted(Where(AppendCondition.StreamAt("orders/42", 0)));
        Accepted(Where(AppendCondition.StreamAt("orders/42", long.MaxValue)));
        Accepted(Where(AppendCondition.RecordAt("orders/42", 1)));
        Assert.Contains("version -1; versions start at 1", Refused(Where(AppendCondition.StreamAt("orders/42", -1))), StringComparison.Ordinal);
        Assert.Contains("version -1; versions start at 1", Refused(Where(AppendCondition.RecordAt("orders/42", -1))), StringComparison.Ordinal);
        Accepted(Where(AppendCondition.RecordAt("orders/42", 0)));
    }

    [Fact]
    public void A_condition_names_a_stream_that_can_be_and_a_value_that_is_JSON()
    {
        Accepted(Where(AppendCondition.StreamExists("$receipts/1")));
        Accepted(Where(AppendCondition.RecordEquals("orders/42", " { \"total\" : 50 } ")));
        foreach (var store in new[] { "", ".", "..", "a/b", new string('s', 129), "a\n" })
            Assert.StartsWith("conditions[1]", Refused(Where(AppendCondition.StreamExists("orders/1"), AppendCondition.StreamExists(new StreamName(store, "42")))), StringComparison.Ordinal);
        Assert.Contains("no stream", Refused(Where(AppendCondition.StreamMissing(default))), StringComparison.Ordinal);
        Assert.Contains("not JSON", Refused(Where(AppendCondition.RecordEquals("orders/42", "{"))), StringComparison.Ordinal);
        Assert.Contains("already", Refused(Where(AppendCondition.RecordEquals("orders/42", """{"a":1,"a":1}"""))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_condition_by_query_asks_for_a_query_and_a_position_that_can_be()
    {
        Assert.Throws<ArgumentNullException>(() => AppendCondition.NoMatch(null!));
        Assert.Throws<ArgumentNullException>(() => AppendCondition.NoMatch(null!, new Position(7)));
        Assert.StartsWith("conditions[0]: The query is empty", Refused(Where(AppendCondition.NoMatch([]))), StringComparison.Ordinal);
        Assert.StartsWith("conditions[0]: items[1] of the query: It is empty", Refused(Where(AppendCondition.NoMatch([new() { Store = "orders" }, new()]))), StringComparison.Ordinal);
        Assert.Contains("10,000 items; at most 1,000", Refused(Where(AppendCondition.NoMatch([.. Enumerable.Repeat(new FactQueryItem { Store = "orders" }, 10_000)], Position.None))), StringComparison.Ordinal);
        Assert.Contains("position -1", Refused(Where(AppendCondition.NoMatch(FactQuery.All, new Position(-1)))), StringComparison.Ordinal);
        Assert.Contains("position 4398046511104", Refused(Where(AppendCondition.NoMatch(FactQuery.All, new Position(Position.MaxValue + 1)))), StringComparison.Ordinal);
    }

    [Fact]
    public void An_append_says_how_much_its_conditions_name()
    {
        var append = Prepare(Placed);
        Assert.Equal(0, append.QueryNames);
        append.Release();
        var request = Where(AppendCondition.NoMatch(FactQuery.All), AppendCondition.StreamMissing("a/b"), AppendCondition.NoMatch([new() { Store = "s", Key = "k", Types = ["a", "b"], Tags = ["x"] }, new() { Tags = ["y"] }]));
        append = AppendPreparation.Prepare(request, SaltSource.System);
        Assert.Equal(1 + 4 + 1, append.QueryNames);
        append.Release();
    }

    // The encoding would replace it by U+FFFD, and the condition would compare with another value.
    [Fact]
    public void A_condition_on_a_value_with_half_a_surrogate_pair_is_refused() =>
        Assert.Contains("surrogate", Assert.Throws<ArgumentException>(() => AppendCondition.RecordEquals("orders/42", "\"\ud800\"")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_refused_append_leaves_nothing_behind_in_the_next_one()
    {
        Refused(WithPayload("{\"a\":" + new string('9', 300)));
        var append = Prepare(Placed);
        Assert.Equal("""{"total":50}""", Encoding.UTF8.GetString(append.Payload(append.Facts[0])));
        append.Release();
        append.Release();
        Assert.Throws<InvariantException>(() => append.Header(append.Facts[0]).Length);
    }

    static AppendRequest Where(params AppendCondition[] conditions) => new(Placed) { Conditions = conditions };
}
