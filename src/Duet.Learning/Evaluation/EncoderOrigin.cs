using Duet.Learning.Recipes;
using Duet.Learning.Training;
using Duet.Learning.Weights;

namespace Duet.Learning.Evaluation;

/// <summary>The run that an encoder's file still lies in.</summary>
/// <param name="Recipe">Its recipe.</param>
/// <param name="Store">Which videos taught it.</param>
internal sealed record EncoderOrigin(Recipe? Recipe, RunStore Store)
{
    /// <summary>The run of an encoder's file; null where the file was moved, comes from elsewhere, or is another store's.</summary>
    /// <param name="file">The file.</param>
    /// <param name="card">Its card.</param>
    public static EncoderOrigin? Of(string file, PreprocessingCard card)
    {
        var folder = new RunFolder(Path.GetDirectoryName(Path.GetDirectoryName(Path.GetFullPath(file))) ?? ".");
        return folder.HoldsRun && File.Exists(folder.StoreFile) && RunStore.Read(folder) is var store && store.Fingerprint == card.Store
            ? new EncoderOrigin(RecipeFile.LoadAny(folder.RecipeFile) as Recipe, store)
            : null;
    }
}
