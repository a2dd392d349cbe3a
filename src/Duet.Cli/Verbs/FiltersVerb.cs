using System.CommandLine;
using System.Globalization;
using Duet.Cli.Hosting;
using Duet.Data;
using Duet.Learning.Models;
using Duet.Learning.Training;
using Duet.Learning.Weights;
using Duet.Reports.Filters;
using Spectre.Console;

namespace Duet.Cli.Verbs;

/// <summary><c>duet filters RUN</c>: the first convolutions of a run's encoders, learned beside random.</summary>
internal static class FiltersVerb
{
    public static Command Create()
    {
        var verb = new Verb("filters", "Draws the first filters of a run's encoders, learned beside random, as one page.")
        {
            Examples =
            [
                new("duet filters runs/mine", "writes runs/mine/filters.html"),
                new("duet filters runs/mine --out filters.html", "the page in another place"),
            ],
        };
        var run = new Argument<string>("RUN") { Description = "The folder of a run that has saved its encoders." };
        var page = new Option<string?>("--out") { Description = "The page (default: filters.html in the run's folder).", HelpName = "FILE.html" };
        verb.Arguments.Add(run);
        verb.Options.Add(page);
        verb.Run(context =>
        {
            string given = context.Parse.GetRequiredValue(run);
            var folder = RunFolder.Open(given);
            var files = new[] { folder.VideoEncoderFile, folder.AudioEncoderFile }.Where(File.Exists).ToList();
            if (files.Count == 0)
            {
                throw new UsageException($"'{given}' has no encoders yet (no encoders/video.safetensors or audio.safetensors): a run saves them when it ends. Go on with 'duet pretrain ... --resume'.");
            }

            var encoders = files.Select(Read).ToList();
            string path = context.Parse.GetValue(page) ?? Path.Combine(given, FilterReport.FileName);
            var measures = FilterReport.Write(path, folder.Name, encoders);
            if (context.Json)
            {
                context.WriteJson(new { Format = "duet.result/1", Kind = "filters", Run = given, Page = path, Encoders = encoders.Select(e => new { e.Modality, e.Network, e.Method, e.Step, e.Seed, e.OwnStart }), Filters = measures });
            }
            else
            {
                Print(context, measures);
                context.Line($"Page: {path}");
            }

            return Task.FromResult(ExitCodes.Done);
        });
        return verb;
    }

    /// <summary>An encoder's first filters beside those that the same network starts from.</summary>
    private static EncoderFilters Read(string file)
    {
        var (encoder, card) = EncoderFile.Load(file);
        using (encoder)
        {
            long seed = card.Seed ?? 0;
            using var start = EncoderRegistry.Create(encoder.Options, seed);
            var banks = FirstConvolution.Of(encoder).Zip(FirstConvolution.Of(start), (learned, random) => new FilterBank(learned.Name, [.. learned.Shape.Select(n => checked((int)n))], learned.Weights, random.Weights));
            return new EncoderFilters(card.Modality == Modality.Video ? "video" : "audio", encoder.Architecture, card.Method, card.Step, seed, card.Seed is not null, [.. banks]);
        }
    }

    private static void Print(CommandContext context, IReadOnlyList<FilterMeasures> measures)
    {
        var table = EvalVerb.Table("filters", "shape", "cosine to random", "roughness", "random", "still share", "random", "grey share", "random");
        foreach (var m in measures)
        {
            table.AddRow(
                IngestVerb.Printable($"{m.Modality} {m.Name}"), string.Join(" x ", m.Shape), Number(m.CosineToRandom), Number(m.Roughness), Number(m.RandomRoughness),
                Number(m.StillShare), Number(m.RandomStillShare), Number(m.GreyShare), Number(m.RandomGreyShare));
        }

        context.Console.Write(table);
        context.Line("Roughness: 1 for noise, near 0 for smooth. Still and grey share: the energy that doesn't change over time, or with colour.");
    }

    private static string Number(double? value) => value is { } v && double.IsFinite(v) ? v.ToString("0.000", CultureInfo.InvariantCulture) : "-";
}
