using static TorchSharp.torch;

namespace Duet.Learning.Weights;

/// <summary>The element types of safetensors that Duet reads and writes.</summary>
internal static class ElementTypes
{
    private static readonly (string Name, ScalarType Type, int Size)[] All =
    [
        ("F64", ScalarType.Float64, 8), ("F32", ScalarType.Float32, 4), ("F16", ScalarType.Float16, 2), ("BF16", ScalarType.BFloat16, 2),
        ("I64", ScalarType.Int64, 8), ("I32", ScalarType.Int32, 4), ("I16", ScalarType.Int16, 2), ("I8", ScalarType.Int8, 1), ("U8", ScalarType.Byte, 1), ("BOOL", ScalarType.Bool, 1),
    ];

    /// <summary>Their names, for people.</summary>
    public static string Names => string.Join(", ", All.Select(t => t.Name));

    /// <summary>The type of a name, or null.</summary>
    public static ScalarType? Parse(string name) => All.FirstOrDefault(t => t.Name == name) is (not null, var type, _) ? type : null;

    /// <summary>The name of a type, or null.</summary>
    public static string? Name(ScalarType type) => All.FirstOrDefault(t => t.Type == type).Name;

    /// <summary>Bytes per element.</summary>
    public static int Size(ScalarType type) => All.First(t => t.Type == type).Size;
}
