using System.Reflection;

namespace Factstone.Packing;

/// <summary>The ids under which a documentation file has the members of an assembly: C# specification, annex D.4.2.</summary>
internal static class DocumentationIds
{
    const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>The ids of all types and members that another assembly can use or override.</summary>
    public static IEnumerable<string> VisibleIn(Assembly assembly)
    {
        foreach (var type in assembly.GetTypes().Where(static type => type.IsVisible || IsProtected(type)))
        {
            yield return $"T:{NameOf(type)}";
            foreach (var member in type.GetMembers(Declared))
                if (IdOf(member) is { } id)
                    yield return id;
        }
    }

    static string? IdOf(MemberInfo member) => member switch
    {
        MethodBase method when IsVisible(method) => $"M:{NameOf(member)}{Arity(method)}{Parameters(method.GetParameters())}{Conversion(method)}",
        PropertyInfo property when property.GetAccessors(nonPublic: true).Any(IsVisible) => $"P:{NameOf(member)}{Parameters(property.GetIndexParameters())}",
        FieldInfo field when field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly => $"F:{NameOf(member)}",
        EventInfo { AddMethod: { } add } when IsVisible(add) => $"E:{NameOf(member)}",
        _ => null,
    };

    static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    static bool IsProtected(Type type) => (type.IsNestedFamily || type.IsNestedFamORAssem) && type.DeclaringType is { } outer && (outer.IsVisible || IsProtected(outer));

    static string NameOf(MemberInfo member) => $"{NameOf(member.DeclaringType!)}.{member.Name.Replace('.', '#')}";

    static string NameOf(Type type) => (type.FullName ?? $"{type.Namespace}.{type.Name}").Replace('+', '.');

    static string Arity(MethodBase method) => method.IsGenericMethodDefinition ? $"``{method.GetGenericArguments().Length}" : "";

    static string Conversion(MethodBase method) => method is MethodInfo { Name: "op_Implicit" or "op_Explicit" } conversion ? $"~{TextOf(conversion.ReturnType)}" : "";

    static string Parameters(ParameterInfo[] parameters) => parameters.Length == 0 ? "" : $"({string.Join(',', parameters.Select(static parameter => TextOf(parameter.ParameterType)))})";

    static string TextOf(Type type)
    {
        if (type.IsByRef) return $"{TextOf(type.GetElementType()!)}@";
        if (type.IsPointer) return $"{TextOf(type.GetElementType()!)}*";
        if (type.IsArray) return $"{TextOf(type.GetElementType()!)}{(type.GetArrayRank() == 1 ? "[]" : $"[{string.Join(',', Enumerable.Repeat("0:", type.GetArrayRank()))}]")}";
        if (type.IsGenericParameter) return $"{(type.DeclaringMethod is null ? "`" : "``")}{type.GenericParameterPosition}";
        return type.IsGenericType ? OfGeneric(type) : NameOf(type);
    }

    /// <summary>The arguments stand after the type to which they belong, which may be an outer one.</summary>
    static string OfGeneric(Type type)
    {
        var arguments = new Queue<Type>(type.GetGenericArguments());
        var text = $"{type.Namespace}";
        foreach (var part in NameOf(type.GetGenericTypeDefinition())[(text.Length + 1)..].Split('.'))
        {
            var tick = part.IndexOf('`', StringComparison.Ordinal);
            text += $".{(tick < 0 ? part : part[..tick])}";
            if (tick < 0) continue;
            var count = int.Parse(part.AsSpan(tick + 1), System.Globalization.CultureInfo.InvariantCulture);
            text += $"{{{string.Join(',', Enumerable.Range(0, count).Select(_ => TextOf(arguments.Dequeue())))}}}";
        }

        return text;
    }
}
