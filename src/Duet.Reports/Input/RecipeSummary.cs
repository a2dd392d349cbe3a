using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Duet.Reports.Input;

/// <summary>One stage of the curriculum: its epochs and the mix of negatives in words.</summary>
internal sealed record StageSummary(double? Epochs, string Label);

/// <summary>What the report's prose needs from a resolved recipe. The recipe itself is shown as it is.</summary>
internal sealed record RecipeSummary
{
    public string? Name { get; init; }
    public string? Method { get; init; }
    public string? Video { get; init; }
    public string? Audio { get; init; }
    public double? ClipFrames { get; init; }
    public string? ClipRate { get; init; }
    public double? ClipSize { get; init; }
    public string? AudioSeconds { get; init; }
    public double? GapSeconds { get; init; }
    public double? Margin { get; init; }
    public IReadOnlyList<StageSummary> Stages { get; init; } = [];

    /// <summary>Reads what is there; a recipe of another method has other keys, and that is no error.</summary>
    /// <exception cref="ReportException">The text is no YAML.</exception>
    public static RecipeSummary Parse(string path, string text)
    {
        var stream = new YamlStream();
        try
        {
            using var reader = new StringReader(text);
            stream.Load(reader);
        }
        catch (YamlException e)
        {
            throw new ReportException($"{path}, line {e.Start.Line}: not YAML. {e.InnerException?.Message ?? e.Message}", e);
        }

        if (stream.Documents is not [{ RootNode: YamlMappingNode root }, ..])
        {
            return new RecipeSummary();
        }

        return new RecipeSummary
        {
            Name = Scalar(root, "name"),
            Method = Scalar(root, "method"),
            Video = Scalar(root, "video", "name"),
            Audio = Scalar(root, "audio", "name"),
            ClipFrames = Number(root, "clip", "frames"),
            ClipRate = Scalar(root, "clip", "frame_rate"),
            ClipSize = Number(root, "clip", "size"),
            AudioSeconds = Scalar(root, "clip", "audio_seconds"),
            GapSeconds = Number(root, "pairs", "gap_seconds"),
            Margin = Number(root, "avts", "margin"),
            Stages = [.. ReadStages(root)],
        };
    }

    private static IEnumerable<StageSummary> ReadStages(YamlMappingNode root)
    {
        if (Find(root, "avts", "curriculum") is not YamlSequenceNode stages)
        {
            yield break;
        }

        foreach (var stage in stages.OfType<YamlMappingNode>())
        {
            var shares = new List<string>();
            foreach (var (key, name) in ((string, string)[])[("easy", "easy"), ("hard", "hard"), ("super_hard", "super-hard")])
            {
                if (Number(stage, key) is { } share && share > 0)
                {
                    shares.Add(share >= 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.#}\u00A0% {name}"));
                }
            }

            yield return new StageSummary(Number(stage, "epochs"), shares.Count > 0 ? string.Join(" + ", shares) : "no negatives");
        }
    }

    private static YamlNode? Find(YamlNode node, params ReadOnlySpan<string> path)
    {
        foreach (string key in path)
        {
            if (node is not YamlMappingNode mapping || !mapping.Children.TryGetValue(new YamlScalarNode(key), out var next))
            {
                return null;
            }

            node = next;
        }

        return node;
    }

    private static string? Scalar(YamlNode node, params ReadOnlySpan<string> path) => (Find(node, path) as YamlScalarNode)?.Value;

    private static double? Number(YamlNode node, params ReadOnlySpan<string> path) =>
        double.TryParse(Scalar(node, path), NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) ? value : null;
}
