using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Duet.Reports.Input;

/// <summary>One stage of the curriculum: its epochs and the mix of negatives in words.</summary>
internal sealed record StageSummary(double? Epochs, string Label);

/// <summary>What the report's prose needs from a resolved recipe. The recipe itself is shown as it is.</summary>
internal sealed record RecipeSummary
{
    private const int DeepestNesting = 64;

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
    public string? Seed { get; init; }
    public int? K { get; init; }
    public int? KVideo { get; init; }
    public int? KAudio { get; init; }
    public IReadOnlyList<StageSummary> Stages { get; init; } = [];

    /// <summary>Reads what is there; a recipe of another method has other keys, and that is no error.</summary>
    /// <exception cref="ReportException">The text is no YAML.</exception>
    public static RecipeSummary Parse(string path, string text)
    {
        CheckSyntax(path, text);
        var stream = new YamlStream();
        try
        {
            using var reader = new StringReader(text);
            stream.Load(reader);
        }
        catch (YamlException e)
        {
            // Well-formed, but no document: an alias to nothing, a key that stands twice.
            throw new ReportException($"{path}, line {e.Start.Line}: not a recipe. {e.Message}", e);
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
            Seed = Scalar(root, "seed"),
            K = Whole(root, "clustering", "k"),
            KVideo = Whole(root, "clustering", "k_video"),
            KAudio = Whole(root, "clustering", "k_audio"),
            Stages = [.. ReadStages(root)],
        };
    }

    /// <summary>
    /// Walks the parser's events once before a tree is built from them: the tree's reader calls itself for each level, so depth is bounded here,
    /// and for some malformed text the parser throws an exception that says nothing, so the line is taken from where it stood.
    /// </summary>
    private static void CheckSyntax(string path, string text)
    {
        using var reader = new StringReader(text);
        var parser = new Parser(reader);
        int depth = 0;
        try
        {
            while (parser.MoveNext())
            {
                if (parser.Current is AnchorAlias or NodeEvent { Anchor.IsEmpty: false })
                {
                    // Ten lines of aliases make a tree of a billion leaves, and comparing two keys walks through them.
                    throw new ReportException($"{path}, line {parser.Current.Start.Line}: has anchors (&name) or aliases (*name). This is no recipe.");
                }

                depth += parser.Current!.NestingIncrease;
                if (depth > DeepestNesting)
                {
                    throw new ReportException($"{path}, line {parser.Current.Start.Line}: nested more than {DeepestNesting} levels deep. This is no recipe.");
                }
            }
        }
        catch (Exception e) when (e is YamlException or InvalidOperationException)
        {
            long line = e is YamlException yaml ? yaml.Start.Line : (parser.Current?.End.Line ?? 0) + 1;
            throw new ReportException($"{path}, line {line}: not YAML. {(e is YamlException ? e.Message : "A bracket or a quote isn't closed.")}", e);
        }
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

    private static int? Whole(YamlNode node, params ReadOnlySpan<string> path) => int.TryParse(Scalar(node, path), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : null;

    private static double? Number(YamlNode node, params ReadOnlySpan<string> path) =>
        double.TryParse(Scalar(node, path), NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) ? value : null;
}
