using Duet.Data.Clips;
using Duet.Learning.Models;
using Duet.Learning.Training;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Training;

/// <summary>A method whose batch normalisation keeps to its running statistics in training too: then no clip's output depends on the others of its batch.</summary>
internal sealed class FixedStatistics(ITrainingTask task) : ITrainingTask
{
    public nn.Module Network => task.Network;

    public int ClipsPerEpoch => task.ClipsPerEpoch;

    public int Epochs => task.Epochs;

    public int EpochsPerRound => task.EpochsPerRound;

    public IReadOnlyList<string> Notes => task.Notes;

    public double LearningRateFactor(string parameter) => task.LearningRateFactor(parameter);

    public void Begin(ClipLoader loader, CancellationToken stop) => task.Begin(loader, stop);

    public EpochPlan? Prepare(int epoch, ClipLoader loader, CancellationToken stop) => task.Prepare(epoch, loader, stop);

    public StepResult Step(ClipBatch batch)
    {
        foreach (var module in task.Network.modules().OfType<BatchNormalisation>())
        {
            module.eval();
        }

        return task.Step(batch);
    }

    public IReadOnlyList<string> Observe(int epoch, IReadOnlyDictionary<string, double> means) => task.Observe(epoch, means);

    public IReadOnlyList<KeyValuePair<string, double>>? Validate(ClipLoader loader, CancellationToken stop) => task.Validate(loader, stop);

    public void EndEpoch(int epoch, IReadOnlyList<KeyValuePair<string, double>>? validation) => task.EndEpoch(epoch, validation);

    public TaskState Capture() => task.Capture();

    public void Restore(TaskState state) => task.Restore(state);

    public void Export(RunFolder run, long step, string store) => task.Export(run, step, store);

    public void Dispose() => task.Dispose();
}
