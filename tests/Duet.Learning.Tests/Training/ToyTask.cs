using System.Text.Json.Nodes;
using Duet.Data.Clips;
using Duet.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Training;

/// <summary>A method with a network of seven numbers: for what happens to files.</summary>
internal sealed class ToyTask : ITrainingTask
{
    private readonly nn.Module<Tensor, Tensor> layer = nn.Linear(3, 2);

    public nn.Module Network => layer;

    public int ClipsPerEpoch => 1;

    public int Epochs => 1;

    public int EpochsPerRound => 1;

    public IReadOnlyList<string> Notes => [];

    public IReadOnlyList<CheckpointPart> Parts { get; set; } = [];

    /// <summary>Makes every weight a number.</summary>
    public void Fill(double value)
    {
        using var noGradient = no_grad();
        foreach (var parameter in layer.parameters())
        {
            parameter.fill_(value);
        }
    }

    public void Begin(ClipLoader loader, CancellationToken stop) => throw new NotSupportedException();

    public EpochPlan? Prepare(int epoch, ClipLoader loader, CancellationToken stop) => throw new NotSupportedException();

    public StepResult Step(ClipBatch batch) => throw new NotSupportedException();

    public IReadOnlyList<string> Observe(int epoch, IReadOnlyDictionary<string, double> means) => throw new NotSupportedException();

    public IReadOnlyList<KeyValuePair<string, double>>? Validate(ClipLoader loader, CancellationToken stop) => throw new NotSupportedException();

    public void EndEpoch(int epoch, IReadOnlyList<KeyValuePair<string, double>>? validation) => throw new NotSupportedException();

    public TaskState Capture() => TaskState.Empty with { Values = new JsonObject { ["kept"] = true }, Parts = Parts };

    public void Restore(TaskState state)
    {
    }

    public void Export(RunFolder run, long step, string store) => throw new NotSupportedException();

    public void Dispose() => layer.Dispose();
}
