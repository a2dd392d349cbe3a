using Duet.Data;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Duet.Learning.Models;

/// <summary>
/// Batch normalisation over every axis but the channels, with fp32 parameters and statistics whatever the map's type. State
/// names are PyTorch's: weight, bias, running_mean, running_var, num_batches_tracked.
/// </summary>
internal sealed class BatchNormalisation : nn.Module<Tensor, Tensor>
{
    /// <summary>What torchvision's networks add to a variance.</summary>
    internal const double PyTorchEpsilon = 1e-5;

    /// <summary>What Caffe2's networks add to a variance, and weights that were made with it go on needing.</summary>
    internal const double Caffe2Epsilon = 1e-3;

    /// <summary>What a batch's statistics weigh in the running ones.</summary>
    internal const double Momentum = 0.1;
    private readonly double epsilon;
    private Parameter weight;
    private Parameter bias;
    private Tensor running_mean;
    private Tensor running_var;
    private Tensor num_batches_tracked;

    /// <summary>Makes it with scale 1, shift 0, mean 0, variance 1.</summary>
    /// <param name="channels">Channels of the maps.</param>
    /// <param name="epsilon">What is added to the variance.</param>
    public BatchNormalisation(long channels, double epsilon = PyTorchEpsilon)
        : base(nameof(BatchNormalisation))
    {
        this.epsilon = epsilon;
        weight = new Parameter(ones(channels).DetachFromDisposeScope());
        bias = new Parameter(zeros(channels).DetachFromDisposeScope());
        running_mean = zeros(channels).DetachFromDisposeScope();
        running_var = ones(channels).DetachFromDisposeScope();
        num_batches_tracked = zeros([], dtype: ScalarType.Int64).DetachFromDisposeScope();
        register_parameter(nameof(weight), weight);
        register_parameter(nameof(bias), bias);
        register_buffer(nameof(running_mean), running_mean);
        register_buffer(nameof(running_var), running_var);
        register_buffer(nameof(num_batches_tracked), num_batches_tracked);
    }

    /// <exception cref="DuetException">Training on a map of one value per channel, whose variance is not defined.</exception>
    public override Tensor forward(Tensor input)
    {
        if (training)
        {
            if (input.numel() == input.shape[1])
            {
                throw new DuetException(
                    $"Batch normalisation can't train on one value per channel (a map of [{string.Join(", ", input.shape)}]): use a larger batch, a larger crop or fewer stages.");
            }

            using (no_grad())
            {
                num_batches_tracked.add_(1);
            }
        }

        return nn.functional.batch_norm(input, running_mean, running_var, weight, bias, training, Momentum, epsilon);
    }
}
