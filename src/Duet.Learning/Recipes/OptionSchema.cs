using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;

namespace Duet.Learning.Recipes;

/// <summary>One option of a record: a property under its YAML key.</summary>
/// <param name="Key">snake_case.</param>
/// <param name="Property">The property.</param>
/// <param name="Type">Its type without nullability.</param>
/// <param name="Nullable">Whether it may be left empty.</param>
internal sealed record OptionField(string Key, PropertyInfo Property, Type Type, bool Nullable)
{
    /// <summary>The element type of a list, or null.</summary>
    public Type? ElementType => OptionSchema.ElementType(Type);
}

/// <summary>What keys a record of options has, by reflection, in the order of declaration.</summary>
internal static class OptionSchema
{
    private static readonly ConcurrentDictionary<Type, IReadOnlyList<OptionField>> Known = new();

    /// <summary>The options of a record.</summary>
    public static IReadOnlyList<OptionField> Fields(Type record) => Known.GetOrAdd(record, Read);

    /// <summary>Whether a type is a record of options.</summary>
    public static bool IsSection(Type type) =>
        type.IsClass && type != typeof(string) && ElementType(type) is null && type.GetMethod("<Clone>$") is not null;

    /// <summary>The element type of an <see cref="IReadOnlyList{T}"/>, or null.</summary>
    public static Type? ElementType(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? type.GetGenericArguments()[0] : null;

    /// <summary>snake_case, for keys and for the values of enums.</summary>
    public static string Snake(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    private static List<OptionField> Read(Type record)
    {
        var nullability = new NullabilityInfoContext();
        return record.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.SetMethod is { IsPublic: true })
            .OrderBy(p => p.MetadataToken)
            .Select(p => new OptionField(
                Snake(p.Name),
                p,
                System.Nullable.GetUnderlyingType(p.PropertyType) ?? p.PropertyType,
                System.Nullable.GetUnderlyingType(p.PropertyType) is not null
                    || (!p.PropertyType.IsValueType && nullability.Create(p).WriteState == NullabilityState.Nullable)))
            .ToList();
    }
}
