using Duet.Data.Clips;
using Duet.Learning.Models;
using Duet.Learning.Recipes;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>
/// Who teaches whom: all in which SDC, MDC, CDC, XDC and the same-modality control differ (XDC, section 3, figure 1). Each clustering divides
/// the clips by the features of one encoder, or of several put side by side; each encoder learns to predict one clustering or several.
/// </summary>
/// <param name="Streams">The encoders.</param>
/// <param name="Clusterings">The clusterings.</param>
internal sealed record ClusteringPlan(IReadOnlyList<PlannedStream> Streams, IReadOnlyList<PlannedClustering> Clusterings)
{
    private const string Video = "video";
    private const string Audio = "audio";
    private const string Joint = "joint";
    private const string Twin = "_twin";

    /// <summary>What has to be read of a clip.</summary>
    public ClipContent Content => (Takes(Modality.Video), Takes(Modality.Audio)) switch
    {
        (true, true) => ClipContent.FramesAndSound,
        (true, false) => ClipContent.Frames,
        _ => ClipContent.Sound,
    };

    /// <summary>The plan of a recipe.</summary>
    public static ClusteringPlan Of(Recipe recipe)
    {
        var options = recipe.Clustering;
        string[] modalities = options.Streams switch
        {
            ClusteringStreams.Video => [Video],
            ClusteringStreams.Audio => [Audio],
            _ => [Video, Audio],
        };
        PlannedStream[] streams = recipe.Method switch
        {
            RecipeMethod.Sdc => [.. modalities.Select(m => Stream(m, new Lesson(m, 1)))],
            RecipeMethod.Mdc => [.. modalities.Select(m => Stream(m, new Lesson(m, options.MdcOwnWeight), new Lesson(Other(m), 1 - options.MdcOwnWeight)))],
            RecipeMethod.Cdc => [.. modalities.Select(m => Stream(m, new Lesson(Joint, 1)))],
            RecipeMethod.Xdc => [.. modalities.Select(m => Stream(m, new Lesson(Other(m), 1)))],
            RecipeMethod.XdcSameModality => [.. modalities.SelectMany(m => new[] { Stream(m, new Lesson(m + Twin, 1)), Stream(m + Twin, new Lesson(m, 1)) })],
            _ => throw new ArgumentException($"{recipe.Method} does not cluster.", nameof(recipe)),
        };
        return new(
            streams,
            [.. streams.SelectMany(s => s.Lessons).Select(l => l.Clustering).Distinct(StringComparer.Ordinal)
                .Select(c => c == Joint ? new PlannedClustering(c, modalities, options.K) : new PlannedClustering(c, [c], KOf(options, c)))]);

        PlannedStream Stream(string name, params Lesson[] lessons)
        {
            var modality = name.StartsWith(Video, StringComparison.Ordinal) ? Modality.Video : Modality.Audio;
            return new PlannedStream(
                name,
                modality,
                modality == Modality.Video ? recipe.Video : recipe.Audio,
                modality == Modality.Video ? options.VideoPooling : options.AudioPooling,
                name.EndsWith(Twin, StringComparison.Ordinal) ? ~recipe.Seed : recipe.Seed,
                lessons);
        }
    }

    /// <summary>Whether a method needs both modalities.</summary>
    public static bool NeedsBoth(RecipeMethod method) => method is RecipeMethod.Mdc or RecipeMethod.Cdc or RecipeMethod.Xdc;

    /// <summary>The encoders that learn from a clustering.</summary>
    public IEnumerable<string> TaughtBy(string clustering) => Streams.Where(s => s.Lessons.Any(l => l.Clustering == clustering)).Select(s => s.Name);

    /// <summary>Whether an encoder of a modality is among them.</summary>
    public bool Takes(Modality modality) => Streams.Any(s => s.Modality == modality);

    /// <summary>How many clusters a clustering has.</summary>
    public int KOf(string clustering) => Clusterings.First(c => c.Name == clustering).K;

    private static string Other(string modality) => modality == Video ? Audio : Video;

    private static int KOf(ClusteringOptions options, string name) =>
        (name.StartsWith(Video, StringComparison.Ordinal) ? options.KVideo : options.KAudio) is var own and > 0 ? own : options.K;
}

/// <summary>An encoder and what it learns.</summary>
/// <param name="Name"><c>video</c> or <c>audio</c>; the control's second encoders are <c>video_twin</c> and <c>audio_twin</c>.</param>
/// <param name="Modality">What it looks at.</param>
/// <param name="Encoder">Which network.</param>
/// <param name="Pooling">How its map becomes a feature.</param>
/// <param name="Seed">The seed of its first weights: a twin must not start as its twin does.</param>
/// <param name="Lessons">What it predicts: a head each.</param>
internal sealed record PlannedStream(string Name, Modality Modality, EncoderOptions Encoder, GlobalPooling Pooling, long Seed, IReadOnlyList<Lesson> Lessons);

/// <summary>One head.</summary>
/// <param name="Clustering">The clustering that it predicts.</param>
/// <param name="Weight">Its loss's weight.</param>
internal sealed record Lesson(string Clustering, double Weight);

/// <summary>A clustering.</summary>
/// <param name="Name">Its features' name: an encoder's, or <c>joint</c>.</param>
/// <param name="Streams">The encoders whose features it is made of; of several, each one's is l2-normalised before they are put side by side (CDC).</param>
/// <param name="K">How many clusters.</param>
internal sealed record PlannedClustering(string Name, IReadOnlyList<string> Streams, int K);
