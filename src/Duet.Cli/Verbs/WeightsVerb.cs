using System.CommandLine;
using System.Globalization;
using Duet.Cli.Hosting;
using Duet.Learning.Models;

namespace Duet.Cli.Verbs;

/// <summary><c>duet weights</c>: encoders from PyTorch and for PyTorch.</summary>
internal static class WeightsVerb
{
    public static Command Create()
    {
        var verb = new Verb("weights", "Takes weights from PyTorch checkpoints and safetensors, gives them back, and shows what such files hold.")
        {
            Examples =
            [
                new("duet weights inspect r2plus1d_18.pth", "what is in it? nothing of it is run"),
                new("duet weights import r2plus1d_18.pth --out r2plus1d_18.safetensors", "an encoder for 'duet extract' and 'duet eval'"),
                new("duet weights export runs/mine --modality video --out mine.pth", "a state dict for torch.load"),
            ],
        };
        verb.Subcommands.Add(WeightsImportVerb.Create());
        verb.Subcommands.Add(WeightsExportVerb.Create());
        verb.Subcommands.Add(WeightsInspectVerb.Create());
        return verb;
    }

    /// <summary><c>r2plus1d_18, width 0.25, 3 stages</c>.</summary>
    internal static string Network(EncoderOptions network) => string.Create(
        CultureInfo.InvariantCulture, $"{network.Name}{(network.Width != 1 ? $", width {network.Width:0.####}" : "")}{(network.Stages != 0 ? $", {network.Stages} stages" : "")}");

    /// <summary><c>126.5 MB</c>.</summary>
    internal static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0##} MB");
}
