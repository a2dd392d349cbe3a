using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Scenes;
using Duet.Data.Store;
using Duet.Learning.Evaluation.Finetuning;
using Duet.Learning.Recipes;

namespace Duet.Learning.Training.Profiling;

/// <summary>Generated videos that serve a recipe: as large, as long and as fast as its clips need them.</summary>
public static class BenchVideos
{
    /// <summary>One of each of the generator's kinds.</summary>
    public static int Count => SceneKinds.All.Count;

    /// <summary>Makes videos, and a store of them.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="folder">An empty folder.</param>
    /// <param name="scenes">Hears of every video made; may be called from several threads.</param>
    /// <param name="ingest">Hears of every video stored; may be called from several threads.</param>
    /// <param name="stop">Asks to stop.</param>
    /// <returns>The store's folder.</returns>
    /// <exception cref="UsageException">The clips are longer or faster than videos can be made.</exception>
    /// <exception cref="DuetException">ffmpeg is missing or fails, or the folder can't be written.</exception>
    public static async Task<string> MakeAsync(IRecipe recipe, string folder, IProgress<SceneSetProgress>? scenes, IProgress<IngestProgress>? ingest, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(folder);
        var (options, store) = Plan(recipe);
        var videos = Path.Combine(folder, "videos");
        store = store with { Source = Path.Combine(videos, SceneSet.ListFile), Store = Path.Combine(folder, "store") };
        await SceneSet.WriteAsync(options, videos, scenes, stop).ConfigureAwait(false);
        await StoreIngest.RunAsync(store, ingest, stop).ConfigureAwait(false);
        return store.Store;
    }

    /// <summary>What to make.</summary>
    internal static (SceneSetOptions Scenes, IngestOptions Store) Plan(IRecipe recipe)
    {
        var (clip, sampleRate) = recipe switch
        {
            Recipe pretraining => (pretraining.Clip, pretraining.Spectrogram.SampleRate),
            EvaluationRecipe evaluation => (evaluation.Clip ?? new(), (evaluation.Spectrogram ?? new()).SampleRate),
            _ => throw new ArgumentException("A recipe of another kind.", nameof(recipe)),
        };

        // The least that the largest crop fills, as the recipes' headers advise: 128 for 112, 256 for 224.
        var side = Math.Max(new StoreSettings().ShortSide, Even(clip.Size / clip.Scales.Max()));
        var rate = clip.FrameRate * Math.Max(1, (new Rational(24) / clip.FrameRate).Ceiling());
        var span = Math.Max((clip.Frames / clip.FrameRate).ToDouble(), clip.AudioSeconds.ToDouble());
        var scenes = new SceneSetOptions
        {
            Count = Count,
            Seconds = Math.Ceiling((3 * span) + 2), // room for a hard negative beside every clip
            Width = Even(side * 4 / 3.0),
            Height = side,
            FrameRate = (int)Math.Min(rate.Ceiling(), int.MaxValue),
            ValidationShare = 0,
            TestShare = 0,
        };
        if (scenes.Validate().FirstOrDefault() is { } error)
        {
            throw new UsageException($"No videos can be made for the recipe '{recipe.Name}': {error.Property.ToLowerInvariant()} {error.Message}. Name a store of your own with --store.");
        }

        return (scenes, new IngestOptions { Source = "", Store = "", FrameRate = rate, ShortSide = side, SampleRate = sampleRate });
    }

    private static int Even(double pixels) => (int)Math.Ceiling(pixels / 2) * 2;
}
