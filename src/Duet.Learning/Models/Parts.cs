using static TorchSharp.torch;

namespace Duet.Learning.Models;

/// <summary>Modules under the names that torchvision gives them; what is computed with them is told by <see cref="EncoderBlock"/>.</summary>
internal sealed class Parts : nn.Module
{
    /// <summary>Modules by name.</summary>
    public Parts(params ReadOnlySpan<(string Name, nn.Module Module)> modules)
        : base(nameof(Parts))
    {
        foreach (var (name, module) in modules)
        {
            register_module(name, module);
        }
    }

    /// <summary>Modules by number, as PyTorch's Sequential names them; null for one without parameters, which only takes a number.</summary>
    public static Parts Numbered(params ReadOnlySpan<nn.Module?> modules)
    {
        var named = new List<(string, nn.Module)>();
        for (var i = 0; i < modules.Length; i++)
        {
            if (modules[i] is { } module)
            {
                named.Add((i.ToString(System.Globalization.CultureInfo.InvariantCulture), module));
            }
        }

        return new Parts([.. named]);
    }
}
