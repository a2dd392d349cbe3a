using Duet.Data;
using Duet.Learning.Models.Fused;
using Duet.Learning.Native;
using TorchSharp;
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

    /// <summary>The scale per channel.</summary>
    public Parameter Weight => weight;

    /// <summary>The shift per channel.</summary>
    public Parameter Bias => bias;

    /// <exception cref="DuetException">Training on a map of one value per channel, whose variance is not defined.</exception>
    public override Tensor forward(Tensor input)
    {
        BeginTraining(input);
        return nn.functional.batch_norm(input, running_mean, running_var, weight, bias, training, Momentum, epsilon);
    }

    /// <summary>
    /// What it does to a map: in training by the map's own statistics, which go into the running ones, else by the running ones.
    /// </summary>
    /// <param name="input">A channels-last map on the CPU.</param>
    /// <param name="again">Whether the map has been here before, so that the running statistics have it already.</param>
    /// <exception cref="DuetException">Training on a map of one value per channel, whose variance is not defined.</exception>
    public Normalised Normalise(Tensor input, bool again = false)
    {
        if (!training)
        {
            return ByRunningStatistics();
        }

        if (!again)
        {
            BeginTraining(input);
        }

        var channels = (int)input.shape[1];
        var (mean, variance) = (new double[channels], new double[channels]);
        FusedNormalisation.Moments(input, mean, variance);
        if (again)
        {
            return Affine(mean, variance);
        }

        var positions = input.numel() / channels;
        var means = Values(running_mean);
        var variances = Values(running_var);
        for (var c = 0; c < channels; c++)
        {
            means[c] = (float)(((1 - Momentum) * means[c]) + (Momentum * mean[c]));
            variances[c] = (float)(((1 - Momentum) * variances[c]) + (Momentum * variance[c] * positions / (positions - 1)));
        }

        return Affine(mean, variance);
    }

    /// <summary>What it does to a map by the running statistics.</summary>
    public Normalised ByRunningStatistics()
    {
        var (mean, variance) = (new double[running_mean.numel()], new double[running_mean.numel()]);
        Read(running_mean, mean);
        Read(running_var, variance);
        return Affine(mean, variance);
    }

    private static unsafe Span<float> Values(Tensor tensor) => new(TensorMemory.Of(tensor), (int)tensor.numel());

    private static void Read(Tensor tensor, double[] values)
    {
        var from = Values(tensor);
        for (var i = 0; i < from.Length; i++)
        {
            values[i] = from[i];
        }
    }

    private Normalised Affine(double[] mean, double[] variance)
    {
        var scales = Values(weight);
        var shifts = Values(bias);
        var normalised = new Normalised(new float[mean.Length], new float[mean.Length], new float[mean.Length], new float[mean.Length], training);
        for (var c = 0; c < mean.Length; c++)
        {
            var inverse = 1 / Math.Sqrt(variance[c] + epsilon);
            var scale = scales[c] * inverse;
            normalised.Scale[c] = (float)scale;
            normalised.Shift[c] = (float)(shifts[c] - (mean[c] * scale));
            normalised.Mean[c] = (float)mean[c];
            normalised.InverseDeviation[c] = (float)inverse;
        }

        return normalised;
    }

    private void BeginTraining(Tensor input)
    {
        if (!training)
        {
            return;
        }

        if (input.numel() == input.shape[1])
        {
            throw new DuetException(
                $"Batch normalisation can't train on one value per channel (a map of [{string.Join(", ", input.shape)}]): use a larger batch, a larger crop or fewer stages.");
        }

        using var none = no_grad();
        num_batches_tracked.AddInPlace(1);
    }
}
