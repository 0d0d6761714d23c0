using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Factstone.Conformance.Claims;

/// <summary>The assertions of the claims. A failure says what was expected and what it is instead.</summary>
internal static class Check
{
    public static void Equal<T>(T expected, T actual, [CallerArgumentExpression(nameof(actual))] string what = "")
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual)) throw new ClaimFailedException($"{what}: expected {Text(expected)}, but it is {Text(actual)}.");
    }

    public static void Sequence<T>(IEnumerable<T> expected, IEnumerable<T> actual, [CallerArgumentExpression(nameof(actual))] string what = "")
    {
        List<T> wanted = [.. expected], found = [.. actual];
        if (!wanted.SequenceEqual(found)) throw new ClaimFailedException($"{what}: expected {Text(wanted)}, but it is {Text(found)}.");
    }

    public static void True(bool holds, [CallerArgumentExpression(nameof(holds))] string what = "")
    {
        if (!holds) throw new ClaimFailedException($"It does not hold: {what}.");
    }

    public static T Is<T>(object? actual, [CallerArgumentExpression(nameof(actual))] string what = "") =>
        actual is T value ? value : throw new ClaimFailedException($"{what}: expected a {typeof(T).Name}, but it is {Text(actual)}.");

    public static T NotNull<T>(T? actual, [CallerArgumentExpression(nameof(actual))] string what = "") where T : class =>
        actual ?? throw new ClaimFailedException($"{what}: expected a value, but it is null.");

    /// <summary>The call throws an exception of this type, or of one derived from it.</summary>
    public static async Task<T> ThrowsAsync<T>(Func<Task> call, [CallerArgumentExpression(nameof(call))] string what = "") where T : Exception
    {
        try
        {
            await call();
        }
        catch (PartMissingException)
        {
            throw;
        }
        catch (T expected)
        {
            return expected;
        }
        catch (Exception other)
        {
            throw new ClaimFailedException($"{what}: expected a {typeof(T).Name}, but it threw {other.GetType().Name}: {other.Message}", other);
        }

        throw new ClaimFailedException($"{what}: expected a {typeof(T).Name}, but nothing was thrown.");
    }

    /// <summary>Positions in the order of commits.</summary>
    public static void Increasing(IEnumerable<Position> positions, [CallerArgumentExpression(nameof(positions))] string what = "")
    {
        var before = Position.None;
        foreach (var position in positions)
        {
            if (position <= before) throw new ClaimFailedException($"{what}: position {position} follows position {before}.");
            before = position;
        }
    }

    static string Text<T>(T value) => value switch
    {
        null => "null",
        string text => $"'{text}'",
        System.Collections.IEnumerable list and not FactQuery => List(list),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    static string List(System.Collections.IEnumerable list)
    {
        const int ShownMax = 40;
        var text = new StringBuilder("[");
        var count = 0;
        foreach (var one in list)
        {
            if (++count > ShownMax) continue;
            text.Append(count > 1 ? ", " : "").Append(Text(one));
        }

        return text.Append(CultureInfo.InvariantCulture, $"{(count > ShownMax ? $", … {count} in all" : "")}]").ToString();
    }
}

/// <summary>What a claim says is not so.</summary>
internal sealed class ClaimFailedException(string message, Exception? cause = null) : Exception(message, cause);
