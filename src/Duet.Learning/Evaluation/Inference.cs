using Duet.Learning.Models;

namespace Duet.Learning.Evaluation;

/// <summary>Networks in evaluation mode, their batch normalisation folded into the convolutions until this is disposed of. Nothing may teach them meanwhile.</summary>
internal sealed class Inference : IDisposable
{
    private readonly IDisposable[] folds;

    /// <summary>Encoders go over to evaluation mode.</summary>
    /// <param name="encoders">The encoders; one may be named more than once.</param>
    public Inference(IEnumerable<Encoder> encoders) => folds = [.. encoders.Distinct().Select(e => e.Fold())];

    /// <summary>Networks go over to evaluation mode, their heads too.</summary>
    /// <param name="networks">The networks; one may be named more than once.</param>
    public static Inference Of(IEnumerable<FeatureNetwork> networks)
    {
        FeatureNetwork[] all = [.. networks];
        foreach (var network in all)
        {
            network.Head?.eval();
        }

        return new Inference(all.Select(n => n.Encoder));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var fold in folds)
        {
            fold.Dispose();
        }
    }
}
