using System.CommandLine;
using System.Globalization;
using Duet.Cli.Hosting;
using Duet.Learning.Weights;

namespace Duet.Cli.Verbs;

/// <summary><c>duet weights inspect FILE</c>: names, shapes and types, without reading a tensor.</summary>
internal static class WeightsInspectVerb
{
    private const int LongestValue = 400;

    public static Command Create()
    {
        var verb = new Verb("inspect", "Shows what a file of weights holds. No tensor is read, and nothing in the file is run.")
        {
            Examples =
            [
                new("duet weights inspect r2plus1d_18.pth", "its tensors, what else it holds, and the networks that are in it"),
                new("duet weights inspect runs/mine/encoders/video.safetensors --json", "the same for programs"),
            ],
        };
        var file = new Argument<string>("FILE") { Description = "A PyTorch checkpoint (.pth, .pt) or a safetensors file." };
        verb.Arguments.Add(file);
        verb.Run(context =>
        {
            var found = WeightsInspection.Of(context.Parse.GetRequiredValue(file));
            if (context.Json)
            {
                context.WriteJson(found);
            }
            else
            {
                Print(context, found);
            }

            return Task.FromResult(ExitCodes.Done);
        });
        return verb;
    }

    private static void Print(CommandContext context, WeightsInspection found)
    {
        var width = found.Tensors.Select(t => t.Name.Length).DefaultIfEmpty().Max();
        foreach (var tensor in found.Tensors)
        {
            context.Line(IngestVerb.Plain($"{tensor.Name.PadRight(width)}  {WeightsImportVerb.TypeOf(tensor),-4}  {WeightsImportVerb.Shape(tensor)}"));
        }

        foreach (var value in found.Values)
        {
            context.Line(IngestVerb.Plain($"{value.Name}: {(value.Value.Length > LongestValue ? value.Value[..LongestValue] + "..." : value.Value)}"));
        }

        if (found.ValueCount > found.Values.Count)
        {
            context.Line($"... and {found.ValueCount - found.Values.Count} more values");
        }

        context.Line();
        context.Line($"file      {found.File}, {found.FileFormat}, {WeightsVerb.Megabytes(found.Bytes)}");
        context.Line(string.Create(CultureInfo.InvariantCulture, $"tensors   {found.Tensors.Count}, {found.Elements:#,0} numbers"));
        foreach (var network in found.Networks)
        {
            context.Line(IngestVerb.Plain($"network   {WeightsVerb.Network(network.Network)}{(network.Prefix.Length > 0 ? $" under '{network.Prefix}'" : "")}; {network.LeftOver} tensors are left over"));
        }

        if (found.Networks.Count == 0)
        {
            context.Line("network   none that Duet knows is whole in it");
        }
    }
}
