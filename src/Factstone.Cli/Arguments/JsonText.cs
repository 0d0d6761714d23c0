using System.Text;

namespace Factstone.Cli.Arguments;

/// <summary>A JSON argument, or the value of a cell: the text itself, <c>-</c> for standard input, or <c>@file</c>. JSON never begins with either; another text that does must come from one of them.</summary>
internal static class JsonText
{
    const string StandardInput = "-";

    public static async ValueTask<ReadOnlyMemory<byte>> ReadAsync(string argument, int bytesMax, CliHost host, CancellationToken ct, bool mayBeEmpty = false)
    {
        if (argument == StandardInput)
        {
            // A read of a terminal or pipe does not end when it is cancelled, but the wait for it does.
            return await Task.Run(() => ReadBounded(host.Input, "Standard input", bytesMax, mayBeEmpty), ct).WaitAsync(ct);
        }
        if (argument is not ['@', .. var path]) return Encoding.UTF8.GetBytes(Whole(argument));

        try
        {
            using var file = File.OpenRead(path);
            return ReadBounded(file, $"'{path}'", bytesMax, mayBeEmpty);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw CliException.Failed($"'{path}' cannot be read: {failure.Message}", failure);
        }
    }

    /// <summary>Refuses two arguments that both read standard input.</summary>
    public static void CheckOneStandardInput(params ReadOnlySpan<string?> arguments)
    {
        var count = 0;
        foreach (var argument in arguments)
            if (argument == StandardInput) count++;
        if (count > 1) throw CliException.Usage("Standard input ('-') can be used for one argument only; give the others as @file.");
    }

    static string Whole(string argument)
    {
        for (var i = 0; i < argument.Length; i++)
        {
            if (!char.IsSurrogate(argument[i])) continue;
            if (i + 1 == argument.Length || !char.IsSurrogatePair(argument[i], argument[i + 1])) throw CliException.Refused($"The argument contains half of a surrogate pair at index {i}, which UTF-8 cannot encode.");
            i++;
        }
        return argument;
    }

    static ReadOnlyMemory<byte> ReadBounded(Stream source, string name, int bytesMax, bool mayBeEmpty)
    {
        var bytes = new MemoryStream();
        var buffer = new byte[64 * 1_024];
        int read;
        while ((read = source.Read(buffer)) > 0)
        {
            bytes.Write(buffer, 0, read);
            // A text that is larger than the limit is refused without reading it to its end.
            if (bytes.Length > bytesMax) throw CliException.Refused($"{name} has more than {bytesMax:N0} bytes, which is the maximum here. Keep larger content elsewhere, and a reference to it in the fact.");
        }
        if (bytes.Length == 0 && !mayBeEmpty) throw CliException.Refused($"{name} is empty; JSON is exactly one value.");
        return bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
    }
}
