using Duet.Data.Clips;
using Duet.Data.Store;
using Duet.Learning.Audio;
using Duet.Learning.Native;
using Duet.Learning.Recipes;
using Duet.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Pretext.Avts;

/// <summary>
/// Validation on fixed pairs of held-out videos, easy and hard ones as far as the videos can serve them, whatever the curriculum's stage:
/// so the numbers of different epochs, stages and recipes compare.
/// </summary>
internal sealed class AvtsValidation
{
    private static readonly PairKind[] Kinds = [PairKind.Easy, PairKind.Hard];

    private readonly IReadOnlyList<ClipRequest> requests;
    private readonly int batch;
    private readonly double margin;

    /// <summary>Draws the pairs.</summary>
    public AvtsValidation(Recipe recipe, IReadOnlyList<StoredVideo> videos)
    {
        batch = recipe.Training.Batch;
        margin = recipe.Avts.Margin;
        StoredVideo[] usable = [.. videos.Where(v => UniformClips.CanServe(v, recipe.Clip))];
        if (usable.Length == 0)
        {
            requests = [];
            return;
        }

        var clipsPerVideo = Math.Max(1, recipe.Training.ValidationClips / (usable.Length * Kinds.Length));
        requests = [.. Kinds.SelectMany(k =>
        {
            var all = EvaluationPairs.For(usable, recipe.Clip, recipe.Pairs, k, clipsPerVideo, recipe.Seed);
            return EvenSpread.Of(all.Count, recipe.Training.ValidationClips / Kinds.Length).Select(i => all[i]);
        })];
    }

    /// <summary>Whether there is nothing to validate on.</summary>
    public bool IsEmpty => requests.Count == 0;

    /// <summary>The loss over all pairs, mean distances, and the share of pairs on the right side of the midpoint between the two means.</summary>
    public IReadOnlyList<KeyValuePair<string, double>>? Run(AvtsModel model, ClipPreprocessor preprocessor, ClipLoader loader, Device device, CancellationToken stop)
    {
        if (IsEmpty)
        {
            return null;
        }

        var loss = 0.0;
        List<(PairKind Kind, double Positive, double Negative)> distances = [];
        foreach (var clips in loader.Load(requests, batch, 0, stop))
        {
            using (clips)
            using (NewDisposeScope())
            {
                var pairs = PairBatch.Embed(model, preprocessor, clips, device);
                if (pairs.Clips == 0)
                {
                    continue;
                }

                loss += model.Loss(pairs.Video, pairs.Audio, pairs.InSync, margin).Number() * pairs.Clips;
                var values = model.Distance(pairs.Video, pairs.Audio).cpu().data<float>().ToArray();
                distances.AddRange(pairs.Kept.Select((at, i) => (clips.Requests[(int)at].Audio[1].Kind, (double)values[i], (double)values[pairs.Clips + i])));
            }
        }

        return distances.Count == 0 ? null : Summarise(loss / distances.Count, distances);
    }

    private static List<KeyValuePair<string, double>> Summarise(double loss, List<(PairKind Kind, double Positive, double Negative)> distances)
    {
        var positive = distances.Average(d => d.Positive);
        var negative = distances.Average(d => d.Negative);
        var threshold = (positive + negative) / 2;
        List<KeyValuePair<string, double>> numbers =
        [
            new("loss", loss), new("accuracy", Accuracy(distances)), new("positive_distance", positive), new("negative_distance", negative), new("pairs", 2 * distances.Count),
        ];
        foreach (var kind in Kinds)
        {
            if (distances.Where(d => d.Kind == kind).ToArray() is { Length: > 0 } some)
            {
                numbers.Add(new(kind == PairKind.Easy ? "accuracy_easy" : "accuracy_hard", Accuracy(some)));
            }
        }

        return numbers;

        double Accuracy(IReadOnlyCollection<(PairKind Kind, double Positive, double Negative)> some) =>
            some.Average(d => ((d.Positive < threshold ? 1.0 : 0.0) + (d.Negative >= threshold ? 1.0 : 0.0)) / 2);
    }
}
