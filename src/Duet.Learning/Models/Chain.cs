using static TorchSharp.torch;

namespace Duet.Learning.Models;

/// <summary>Modules one after the other, named as PyTorch's Sequential names them; entries of null (parameterless steps in torchvision) only take a number.</summary>
internal sealed class Chain : nn.Module<Tensor, Tensor>
{
    private readonly List<nn.Module<Tensor, Tensor>> steps = [];

    public Chain(params ReadOnlySpan<nn.Module<Tensor, Tensor>> modules)
        : base(nameof(Chain))
    {
        for (var i = 0; i < modules.Length; i++)
        {
            steps.Add(modules[i]);
            register_module(i.ToString(System.Globalization.CultureInfo.InvariantCulture), modules[i]);
        }
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var map = input;
        foreach (var step in steps)
        {
            map = step.forward(map);
        }

        return map.MoveToOuterDisposeScope();
    }
}

/// <summary>max(x, 0) in place: the map before it is a normalisation's fresh output, which no gradient needs.</summary>
internal sealed class InPlaceRelu() : nn.Module<Tensor, Tensor>(nameof(InPlaceRelu))
{
    public override Tensor forward(Tensor input) => input.relu_();
}
