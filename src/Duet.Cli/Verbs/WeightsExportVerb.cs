using System.CommandLine;
using Duet.Cli.Hosting;
using Duet.Learning.Models;
using Duet.Learning.Weights;

namespace Duet.Cli.Verbs;

/// <summary><c>duet weights export RUN|ENCODER --out FILE</c>: an encoder for other programs.</summary>
internal static class WeightsExportVerb
{
    public static Command Create()
    {
        var source = new Argument<string>("RUN") { Description = "A run's folder, whose newest checkpoint is taken, or an encoder's .safetensors file." };
        var output = new Option<string>("--out") { Description = "The file: .pth or .pt for PyTorch, .safetensors for the rest.", Required = true, HelpName = "FILE" };
        var modality = NamedValue.Option<Modality>("--modality", "Which of a run's encoders.");
        var verb = new Verb("export", "Writes an encoder as a state dict for PyTorch, under torchvision's names, or as safetensors.")
        {
            Examples =
            [
                new("duet weights export runs/mine --modality video --out mine.pth", "in Python: model.fc = torch.nn.Identity(); model.load_state_dict(torch.load('mine.pth'))"),
                new("duet weights export runs/mine --modality audio --out audio.safetensors", "the newest checkpoint's encoder, with its preprocessing card"),
            ],
        };
        verb.Arguments.Add(source);
        verb.Options.Add(output);
        verb.Options.Add(modality);
        verb.Run(context =>
        {
            var parse = context.Parse;
            var result = WeightsExport.Run(parse.GetRequiredValue(source), parse.GetRequiredValue(output), parse.GetResult(modality) is { Implicit: false } ? parse.GetValue(modality) : null, context.Line);
            if (context.Json)
            {
                context.WriteJson(result);
            }
            else
            {
                context.Line($"network   {WeightsVerb.Network(result.Card.Encoder)}, {result.Card.Method}, after step {result.Card.Step}");
                context.Line($"File: {result.File} ({result.FileFormat}, {result.Tensors} tensors, {WeightsVerb.Megabytes(result.Bytes)})");
            }

            return Task.FromResult(ExitCodes.Done);
        });
        return verb;
    }
}
