using System.Collections;
using System.Globalization;
using Duet.Data;

namespace Duet.Learning.Recipes;

/// <summary>
/// Fills records of options from what was written, strictly: an unknown key, a wrong type or a constraint that does not hold is an error
/// with its place and the nearest valid name. All errors are collected, so that one reading shows them all.
/// </summary>
internal sealed class OptionBinder
{
    private readonly List<RecipeError> errors = [];

    private OptionBinder()
    {
    }

    /// <summary>Makes a record: its defaults, and what was written over them.</summary>
    /// <param name="section">What was written.</param>
    /// <param name="validate">Whether to check the records' own constraints (<see cref="IValidated"/>) too.</param>
    /// <exception cref="RecipeException">Everything that is wrong.</exception>
    public static T Bind<T>(SectionNode section, bool validate = true)
        where T : class, new()
    {
        var binder = new OptionBinder();
        var record = (T)binder.Section(section, typeof(T), new T(), "");
        if (validate && binder.errors.Count == 0)
        {
            binder.Validate(record, section, section.Location, "");
        }

        return binder.errors.Count == 0 ? record : throw new RecipeException(binder.errors);
    }

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    /// <summary>A deep copy, its lists comparable by value.</summary>
    private static object Copy(object record)
    {
        var copy = record.GetType().GetMethod("<Clone>$")!.Invoke(record, null)!;
        foreach (var field in OptionSchema.Fields(record.GetType()))
        {
            switch (field.Property.GetValue(record))
            {
                case IEnumerable items when field.ElementType is { } element:
                    field.Property.SetValue(copy, OptionList.Of(items.Cast<object>().Select(i => OptionSchema.IsSection(element) ? Copy(i) : i), element));
                    break;
                case { } section when OptionSchema.IsSection(field.Type):
                    field.Property.SetValue(copy, Copy(section));
                    break;
            }
        }

        return copy;
    }

    private object Section(SectionNode section, Type type, object defaults, string path)
    {
        var record = Copy(defaults);
        var fields = OptionSchema.Fields(type);
        foreach (var entry in section.Entries)
        {
            var field = fields.FirstOrDefault(f => string.Equals(f.Key, entry.Key, StringComparison.Ordinal));
            if (field is null)
            {
                UnknownKey(entry, fields, path);
            }
            else if (Value(entry.Value, field.Type, field.Nullable, field.Property.GetValue(defaults), Join(path, field.Key)) is { } bound)
            {
                field.Property.SetValue(record, bound.Value);
            }
        }

        return record;
    }

    private void UnknownKey(SectionEntry entry, IReadOnlyList<OptionField> fields, string path)
    {
        var keys = fields.Select(f => f.Key).ToList();
        var nearest = NearestName.Find(entry.Key, keys);
        var shown = new ScalarNode(entry.Key, Quoted: false, "").Describe();
        errors.Add(new RecipeError(
            entry.Location,
            path,
            $"unknown key {shown}{(nearest is null ? "" : $"; did you mean '{nearest}'?")}{(nearest is null ? "." : "")} Valid keys: {string.Join(", ", keys)}."));
    }

    /// <summary>The typed value in a wrapper, or null where an error was noted.</summary>
    private Bound? Value(RecipeNode node, Type type, bool nullable, object? defaults, string path)
    {
        if (node is ScalarNode { IsNull: true })
        {
            return nullable ? new Bound(null) : Wrong(node, path, Expected(type));
        }

        if (OptionSchema.ElementType(type) is { } element)
        {
            return node is ListNode list ? Elements(list, element, path) : Wrong(node, path, Expected(type));
        }

        if (OptionSchema.IsSection(type))
        {
            return node is SectionNode section
                ? new Bound(Section(section, type, defaults ?? Activator.CreateInstance(type)!, path))
                : Wrong(node, path, Expected(type));
        }

        if (node is not ScalarNode scalar)
        {
            return Wrong(node, path, Expected(type));
        }

        return ScalarTypes.Parse(scalar, type) is { } value ? new Bound(value) : Wrong(node, path, Expected(type), Hint(scalar, type));
    }

    private Bound? Elements(ListNode list, Type element, string path)
    {
        var values = new List<object>();
        var before = errors.Count;
        for (var i = 0; i < list.Items.Count; i++)
        {
            if (Value(list.Items[i], element, nullable: false, null, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]")) is { Value: { } value })
            {
                values.Add(value);
            }
        }

        return errors.Count == before ? new Bound(OptionList.Of(values, element)) : null;
    }

    private Bound? Wrong(RecipeNode node, string path, string expected, string hint = "")
    {
        errors.Add(new RecipeError(node.Location, path, $"expected {expected}, found {node.Describe()}.{hint}"));
        return null;
    }

    private static string Hint(ScalarNode scalar, Type type)
    {
        if (type.IsEnum)
        {
            return NearestName.Find(scalar.Text, ScalarTypes.EnumNames(type)) is { } nearest ? $" Did you mean '{nearest}'?" : "";
        }

        return scalar.Quoted && ScalarTypes.Parse(scalar with { Quoted = false }, type) is not null ? " Take the quotes away." : "";
    }

    private static string Expected(Type type)
    {
        if (OptionSchema.ElementType(type) is { } element)
        {
            return $"a list, each {Expected(element)}";
        }

        return OptionSchema.IsSection(type)
            ? $"a section with the keys {string.Join(", ", OptionSchema.Fields(type).Select(f => f.Key))}"
            : ScalarTypes.Expected(type);
    }

    private void Validate(object record, RecipeNode? written, string location, string path)
    {
        if (record is IValidated validated)
        {
            foreach (var error in validated.Validate())
            {
                errors.Add(Locate(error, written, location, path));
            }
        }

        foreach (var field in OptionSchema.Fields(record.GetType()))
        {
            var value = field.Property.GetValue(record);
            var entry = (written as SectionNode)?.Find(field.Key);
            var key = Join(path, field.Key);
            if (value is not null && OptionSchema.IsSection(field.Type))
            {
                Validate(value, entry?.Value, entry?.Location ?? location, key);
            }
            else if (value is IEnumerable items && field.ElementType is { } element && OptionSchema.IsSection(element))
            {
                var index = 0;
                foreach (var item in items)
                {
                    var node = entry?.Value is ListNode list && index < list.Items.Count ? list.Items[index] : null;
                    Validate(item, node, node?.Location ?? entry?.Location ?? location, string.Create(CultureInfo.InvariantCulture, $"{key}[{index}]"));
                    index++;
                }
            }
        }
    }

    /// <summary>From a property, such as <c>Optimiser.Momentum</c>, to the key and the place where it was written, or else its section's place.</summary>
    private static RecipeError Locate(ValidationError error, RecipeNode? written, string location, string path)
    {
        var at = written;
        foreach (var segment in error.Property.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            var bracket = segment.IndexOf('[', StringComparison.Ordinal);
            var key = OptionSchema.Snake(bracket < 0 ? segment : segment[..bracket]);
            path = Join(path, key) + (bracket < 0 ? "" : segment[bracket..]);
            var entry = (at as SectionNode)?.Find(key);
            location = entry?.Location ?? location;
            at = entry?.Value;
            if (bracket >= 0 && at is ListNode list && int.TryParse(segment.AsSpan(bracket + 1).TrimEnd(']'), CultureInfo.InvariantCulture, out var index) && index < list.Items.Count)
            {
                at = list.Items[index];
                location = at.Location;
            }
        }

        return new RecipeError(location, path, error.Message);
    }

    private sealed record Bound(object? Value);
}
