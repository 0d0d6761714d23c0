using System.Reflection;
using Xunit;

namespace Factstone;

/// <summary>What is stored as a type stays for ever, so no payload may become one by mistake.</summary>
public sealed class NewFactTests
{
    const string Line = "new NewFact(stream, type, json)";

    static string Refused(NewFact fact) =>
        Assert.ThrowsAny<ArgumentException>(() => AppendPreparation.Prepare(new AppendRequest(fact), SaltSource.System)).Message;

    // new NewFact("settings/theme", """{"dark":true}""") compiled, and stored the JSON as the type, without a payload.
    // The constructor stays as an error of the compiler: without it, the text would be the value once values are typed.
    [Fact]
    public void A_stream_and_a_text_do_not_compile_and_the_error_has_the_line_to_write()
    {
        var constructor = typeof(NewFact).GetConstructor([typeof(StreamName), typeof(string)]);
        var error = constructor?.GetCustomAttribute<ObsoleteAttribute>();
        Assert.True(error is { IsError: true });
        Assert.Contains(Line, error.Message, StringComparison.Ordinal);
        Assert.Contains("NewFact.WithoutPayload(stream, type)", error.Message, StringComparison.Ordinal);
        var thrown = Assert.Throws<TargetInvocationException>(() => constructor!.Invoke([new StreamName("settings", "theme"), "{}"]));
        Assert.IsType<NotSupportedException>(thrown.InnerException);
    }

    [Fact]
    public void Every_other_constructor_takes_the_type_and_the_payload_or_a_value() =>
        Assert.Equal(
            ["stream type json", "stream type payload", "stream value"],
            typeof(NewFact).GetConstructors().Where(static one => one.GetCustomAttribute<ObsoleteAttribute>() is null)
                .Select(static one => string.Join(' ', one.GetParameters().Select(static parameter => parameter.Name))).Order(StringComparer.Ordinal));

    [Fact]
    public void A_fact_without_a_payload_says_so()
    {
        var fact = NewFact.WithoutPayload("orders/42", "closed");
        Assert.Equal(new StreamName("orders", "42"), fact.Stream);
        Assert.Equal("closed", fact.Type);
        Assert.True(fact.Payload.IsEmpty);
        Assert.False(fact.Retracts);
    }

    [Theory]
    [InlineData("""{"dark":true}""")]
    [InlineData("""["dark"]""")]
    [InlineData("\"dark\"")]
    [InlineData("""  {"dark":true}""")]
    [InlineData("{")]
    public void A_type_that_looks_like_JSON_is_refused_with_the_line_to_write(string json)
    {
        foreach (var fact in new[] { new NewFact("settings/theme", json, "1"), NewFact.WithoutPayload("settings/theme", json), NewFact.Retraction("settings/theme", json) })
        {
            var message = Refused(fact);
            Assert.StartsWith("facts[0] (settings/theme): The type ", message, StringComparison.Ordinal);
            Assert.Contains(Line, message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("order-placed")]
    [InlineData("1")]
    [InlineData("true")]
    [InlineData("placed {v2}")]
    [InlineData("(placed)")]
    [InlineData("$type")]
    public void Any_other_type_is_taken(string type) =>
        AppendPreparation.Prepare(new AppendRequest(NewFact.WithoutPayload("orders/42", type)), SaltSource.System).Release();

    // A ledger of an earlier version may hold such types; what is stored is read, exported and imported as it is.
    [Fact]
    public void A_type_that_another_ledger_has_stored_is_taken_as_it_is() =>
        AppendPreparation.Prepare(new AppendRequest(NewFact.WithoutPayload("orders/42", "{}")) { KeepsTypes = true }, SaltSource.System).Release();
}
