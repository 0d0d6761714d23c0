using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Factstone;

/// <summary>The public surface of an assembly as lines of text: its public types, and their public and protected members.</summary>
/// <remarks>The word record stands for the members that the compiler adds to a record (equality, copying, deconstruction).</remarks>
static class SurfaceText
{
    const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    static readonly NullabilityInfoContext Nullability = new();

    public static IReadOnlyList<string> Of(Assembly assembly) =>
        [.. assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal).SelectMany(Lines)];

    static IEnumerable<string> Lines(Type type)
    {
        yield return $"{Marks(type)}{Kind(type)} {FullName(type)}{Bases(type)}";
        foreach (var line in Members(type).Order(StringComparer.Ordinal)) yield return $"    {line}";
    }

    static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum) return Enum.GetNames(type).Select(name => $"{name} = {Convert.ToInt64(Enum.Parse(type, name), CultureInfo.InvariantCulture)}");
        if (typeof(Delegate).IsAssignableFrom(type)) return [Method(type.GetMethod("Invoke")!)];

        return type.GetConstructors(Declared).Where(IsSeen).Where(IsWritten).Select(made => $"new({Parameters(made)})")
            .Concat(type.GetProperties(Declared).Where(property => property.GetAccessors(nonPublic: true).Any(IsSeen) && IsWritten(property)).Select(Property))
            .Concat(type.GetFields(Declared).Where(field => (field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly) && IsWritten(field)).Select(Field))
            .Concat(type.GetEvents(Declared).Where(one => IsSeen(one.AddMethod!)).Select(one => $"event {Named(one.EventHandlerType!)} {one.Name}"))
            .Concat(type.GetMethods(Declared).Where(method => IsSeen(method) && IsWritten(method) && !IsAccessor(method)).Select(Method));
    }

    static bool IsSeen(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    static bool IsWritten(MemberInfo member) => member.GetCustomAttribute<CompilerGeneratedAttribute>() is null;

    static bool IsAccessor(MethodInfo method) => method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal);

    static string Kind(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        { IsInterface: true } => "interface",
        _ when typeof(Delegate).IsAssignableFrom(type) => "delegate",
        { IsValueType: true } => $"{(type.GetCustomAttribute<IsReadOnlyAttribute>() is null ? "" : "readonly ")}{(type.IsByRefLike ? "ref " : "")}{(IsRecord(type) ? "record " : "")}struct",
        { IsAbstract: true, IsSealed: true } => "static class",
        _ => $"{(type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "")}{(IsRecord(type) ? "record" : "class")}",
    };

    static bool IsRecord(Type type) => type.GetMethod("PrintMembers", Declared) is { } print && !IsWritten(print);

    static string Bases(Type type)
    {
        if (type.IsEnum || typeof(Delegate).IsAssignableFrom(type)) return "";
        var inherited = type.BaseType?.GetInterfaces() ?? [];
        var bases = type.GetInterfaces().Except(inherited).Where(one => one.IsVisible && !(IsRecord(type) && one.Name == "IEquatable`1")).Select(Named).Order(StringComparer.Ordinal);
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType)) bases = bases.Prepend(Named(parent)).Order(Comparer<string>.Create((_, _) => 0));
        var all = string.Join(", ", bases);
        return all.Length == 0 ? "" : $" : {all}";
    }

    static string Marks(MemberInfo member) =>
        (member.GetCustomAttribute<ExperimentalAttribute>() is { } experimental ? $"[{experimental.DiagnosticId}] " : "")
        + (member.GetCustomAttribute<ObsoleteAttribute>() is { } obsolete && member.GetCustomAttribute<RequiredMemberAttribute>() is null && member is not Type { IsByRefLike: true } ? $"[obsolete: {obsolete.Message}] " : "");

    static string Scope(MethodBase method) =>
        (method.IsPublic ? "" : "protected ") + (method.IsStatic ? "static " : "")
        + (method.DeclaringType!.IsInterface ? "" : method.IsAbstract ? "abstract " : method is MethodInfo { IsVirtual: true, IsFinal: false } info ? (info.GetBaseDefinition() == info ? "virtual " : "override ") : "");

    static string Property(PropertyInfo property)
    {
        var accessor = property.GetAccessors(nonPublic: true).First(IsSeen);
        var get = property.GetMethod is { } getter && IsSeen(getter) ? "get; " : "";
        var set = property.SetMethod is { } setter && IsSeen(setter)
            ? setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init; " : "set; "
            : "";
        var required = property.GetCustomAttribute<RequiredMemberAttribute>() is null ? "" : "required ";
        return $"{Marks(property)}{Scope(accessor)}{required}{Named(property.PropertyType, Nullability.Create(property))} {property.Name}{Indexes(property)} {{ {get}{set}}}";
    }

    static string Indexes(PropertyInfo property) =>
        property.GetIndexParameters() is { Length: > 0 } indexes ? $"[{string.Join(", ", indexes.Select(Parameter))}]" : "";

    static string Field(FieldInfo field)
    {
        var scope = field.IsLiteral ? "const " : (field.IsStatic ? "static " : "") + (field.IsInitOnly ? "readonly " : "");
        var value = field.IsLiteral ? string.Create(CultureInfo.InvariantCulture, $" = {field.GetRawConstantValue()}") : "";
        return $"{Marks(field)}{scope}{Named(field.FieldType, Nullability.Create(field))} {field.Name}{value}";
    }

    static string Method(MethodInfo method)
    {
        var generic = method.IsGenericMethodDefinition ? $"<{string.Join(", ", method.GetGenericArguments().Select(one => one.Name))}>" : "";
        return $"{Marks(method)}{Scope(method)}{Named(method.ReturnType, Nullability.Create(method.ReturnParameter))} {method.Name}{generic}({Parameters(method)})";
    }

    static string Parameters(MethodBase method) =>
        (method.GetCustomAttribute<ExtensionAttribute>() is null ? "" : "this ") + string.Join(", ", method.GetParameters().Select(Parameter));

    static string Parameter(ParameterInfo parameter)
    {
        var how = parameter.IsOut ? "out " : parameter.IsIn ? "in " : parameter.ParameterType.IsByRef ? "ref "
            : parameter.GetCustomAttribute<ParamArrayAttribute>() is not null || parameter.GetCustomAttribute<ParamCollectionAttribute>() is not null ? "params " : "";
        var fallback = parameter.HasDefaultValue ? $" = {Shown(parameter.DefaultValue)}" : "";
        return $"{how}{Named(parameter.ParameterType, Nullability.Create(parameter))} {parameter.Name}{fallback}";
    }

    static string Shown(object? value) => value switch
    {
        null => "default",
        string text => $"\"{text}\"",
        bool truth => truth ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    static string Named(Type type) => Named(type, nullability: null);

    static string Named(Type type, NullabilityInfo? nullability)
    {
        if (type.IsByRef) return Named(type.GetElementType()!, nullability);
        if (Nullable.GetUnderlyingType(type) is { } underlying) return Named(underlying) + "?";
        var mark = !type.IsValueType && nullability?.ReadState == NullabilityState.Nullable ? "?" : "";
        if (type.IsArray) return $"{Named(type.GetElementType()!, nullability?.ElementType)}[]{mark}";
        if (!type.IsGenericType) return Simple(type) + mark;

        var arguments = type.GetGenericArguments();
        var infos = nullability?.GenericTypeArguments is { } known && known.Length == arguments.Length ? known : null;
        return $"{Simple(type)}<{string.Join(", ", arguments.Select((argument, i) => Named(argument, infos?[i])))}>{mark}";
    }

    static string FullName(Type type)
    {
        var name = type.DeclaringType is { } outer ? $"{FullName(outer)}.{Simple(type)}" : $"{type.Namespace}.{Simple(type)}";
        return type.IsGenericTypeDefinition ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(one => one.Name))}>" : name;
    }

    static string Simple(Type type) => type.FullName switch
    {
        "System.Void" => "void",
        "System.Object" => "object",
        "System.String" => "string",
        "System.Boolean" => "bool",
        "System.Byte" => "byte",
        "System.Int32" => "int",
        "System.UInt32" => "uint",
        "System.Int64" => "long",
        "System.UInt64" => "ulong",
        "System.Double" => "double",
        _ => type.Name.Split('`')[0],
    };
}
