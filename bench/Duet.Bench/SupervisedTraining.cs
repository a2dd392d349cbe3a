using Duet.Learning.Models;
using Duet.Learning.Native;
using Duet.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Bench;

/// <summary>A video network with a linear layer on top and its optimiser, SGD with momentum, as <c>duet</c> would train them on labels.</summary>
internal sealed class SupervisedTraining : IDisposable
{
    private readonly Encoder encoder;
    private readonly VideoClassifier network;
    private readonly Sgd optimiser;

    public SupervisedTraining(NetworkShape.Values shape, int classes, int seed)
    {
        TorchRuntime.SetThreads(shape.Threads);
        (Precision, _) = PrecisionPolicy.Resolve(shape.Precision, DeviceType.CPU);
        encoder = EncoderRegistry.Create(shape.Encoder, seed);
        network = new VideoClassifier(encoder, classes, seed);
        encoder.Precision = Precision;
        network.train();
        optimiser = new Sgd([.. network.named_parameters().Select(p => new NamedParameter(p.name, p.parameter, true))], new OptimiserOptions { WeightDecay = 1e-4 });
    }

    /// <summary>What convolutions compute in.</summary>
    public Precision Precision { get; }

    /// <summary>One step.</summary>
    /// <returns>The loss before it, in the current dispose scope.</returns>
    public Tensor Step(Tensor clips, Tensor labels, double learningRate)
    {
        foreach (var parameter in network.parameters())
        {
            parameter.grad = null;
        }

        var loss = nn.functional.cross_entropy(network.forward(clips), labels);
        loss.backward();
        optimiser.Step(learningRate);
        return loss;
    }

    public void Dispose()
    {
        optimiser.Dispose();
        network.Dispose();
        encoder.Dispose();
    }
}
