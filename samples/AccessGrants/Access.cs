using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Factstone;

internal sealed record ReadGranted(string Document, string To, string By);
internal sealed record ReadRevoked(string Document, string From, string By);
internal sealed record Joined(string Person, string Group, string By);
internal sealed record Left(string Person, string Group, string By);

/// <summary>The rights within a workspace. Each has the position of the fact that gave it.</summary>
internal sealed record Access(Rights Readers, Rights Groups)
{
    public static readonly FactTypes Types = new FactTypes(AccessJson.Default)
        .Add<ReadGranted>("read-granted").Add<ReadRevoked>("read-revoked").Add<Joined>("joined").Add<Left>("left");

    public static readonly Projection<Access> Projection = new()
    {
        Name = "access",
        Source = FactQuery.Store("access"),
        GroupBy = fact => fact.Stream.Key,      // the workspace
        Seed = new Access(Rights.None, Rights.None),
        Step = (access, fact) => fact.Value switch
        {
            ReadGranted granted => access with { Readers = access.Readers.With(granted.Document, granted.To, fact.Position) },
            ReadRevoked revoked => access with { Readers = access.Readers.Without(revoked.Document, revoked.From) },
            Joined joined => access with { Groups = access.Groups.With(joined.Person, joined.Group, fact.Position) },
            Left left => access with { Groups = access.Groups.Without(left.Person, left.Group) },
            _ => access,
        },
        Json = AccessJson.Default.Access,
    };

    /// <summary>The facts that let a person read a document: a grant, or a membership and a grant to the group. Empty if the person may not.</summary>
    public IReadOnlyList<Position> WhyMayRead(string person, string document)
    {
        var readers = Readers.Of(document);
        if (readers.TryGetValue(person, out var granted)) return [new Position(granted)];
        foreach (var (group, joined) in Groups.Of(person))
            if (readers.TryGetValue(group, out var grantedToGroup)) return [new Position(joined), new Position(grantedToGroup)];
        return [];
    }
}

/// <summary>For each name the names that belong to it, with positions. Immutable, because a state must not change in place.</summary>
internal sealed record Rights(ImmutableDictionary<string, ImmutableDictionary<string, long>> Entries)
{
    static readonly ImmutableDictionary<string, long> Empty = ImmutableDictionary<string, long>.Empty;

    public static readonly Rights None = new(ImmutableDictionary<string, ImmutableDictionary<string, long>>.Empty);

    public ImmutableDictionary<string, long> Of(string name) => Entries.GetValueOrDefault(name, Empty);

    public Rights With(string name, string other, Position position) => new(Entries.SetItem(name, Of(name).SetItem(other, position.Value)));

    public Rights Without(string name, string other) => new(Entries.SetItem(name, Of(name).Remove(other)));
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ReadGranted))]
[JsonSerializable(typeof(ReadRevoked))]
[JsonSerializable(typeof(Joined))]
[JsonSerializable(typeof(Left))]
[JsonSerializable(typeof(Access))]
internal sealed partial class AccessJson : JsonSerializerContext;
