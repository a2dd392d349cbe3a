using Duet.Learning.Training;

namespace Duet.Learning.Tests.Training;

/// <summary>A run's folder with checkpoints of a <see cref="ToyTask"/>, in which every weight is the step.</summary>
internal sealed class ToyRun : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("duet-toy-").FullName;
    private readonly ToyTask task = new();
    private readonly IOptimiser optimiser;

    /// <summary>Makes the folder, with checkpoints of some steps.</summary>
    public ToyRun(params ReadOnlySpan<long> steps)
    {
        Folder = new RunFolder(Path.Combine(folder, "run"));
        Directory.CreateDirectory(Folder.Path);
        File.WriteAllText(Folder.RecipeFile, "name: toy\n");
        optimiser = Optimisers.Create(new(), Optimisers.ParametersOf(task.Network, true, _ => 1));
        var checkpoints = Checkpoints(keep: Math.Max(1, steps.Length));
        foreach (var step in steps)
        {
            Save(checkpoints, step);
        }
    }

    public RunFolder Folder { get; }

    public ToyTask Task => task;

    public Checkpoints Checkpoints(int keep, Checkpoint? resumedFrom = null) => new(Folder, "recipe", "store", keep, resumedFrom);

    /// <summary>As a process finds them that goes on from the newest one.</summary>
    public Checkpoints Resumed(int keep)
    {
        using var checkpoint = Learning.Training.Checkpoints.ToResume(Folder);
        return Checkpoints(keep, checkpoint);
    }

    public void Save(Checkpoints checkpoints, long step)
    {
        task.Fill(step);
        checkpoints.Save(new TrainerState { Step = step }, task, optimiser);
    }

    public string FileOf(long step, string extension) => Path.Combine(Folder.CheckpointFolder, FormattableString.Invariant($"step-{step:00000000}.{extension}"));

    /// <summary>The step of the newest checkpoint that a run can go on from, after looking at its weights; null where there is none.</summary>
    public long? Newest(Action<string>? damaged = null)
    {
        using var checkpoint = Learning.Training.Checkpoints.ToResume(Folder, damaged);
        return checkpoint is null ? null : Checked(checkpoint);
    }

    /// <summary>The steps that have files.</summary>
    public long[] Steps() => [.. Directory.GetFiles(Folder.CheckpointFolder, "*.json").Select(f => long.Parse(Path.GetFileNameWithoutExtension(f)["step-".Length..], System.Globalization.CultureInfo.InvariantCulture)).Order()];

    /// <summary>Whether a step's checkpoint is whole, when all newer ones are out of the way.</summary>
    public bool Holds(long step)
    {
        foreach (var file in Directory.GetFiles(Folder.CheckpointFolder, "step-*.json").Where(f => string.CompareOrdinal(f, FileOf(step, "json")) > 0))
        {
            File.Delete(file);
        }

        return Newest() == step;
    }

    /// <summary>Makes the folder as another one is.</summary>
    public void CopyFrom(ToyRun other)
    {
        Directory.Delete(Folder.Path, recursive: true);
        foreach (var file in Directory.GetFiles(other.Folder.Path, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(Folder.Path, Path.GetRelativePath(other.Folder.Path, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }
    }

    public void Dispose()
    {
        optimiser.Dispose();
        task.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static long Checked(Checkpoint checkpoint)
    {
        var step = checkpoint.Header.State.Step;
        var weights = checkpoint.Tensors.Where(t => !t.Key.Contains('.', StringComparison.Ordinal)).ToArray();
        return weights.Length == 2 && weights.All(t => t.Value.data<float>().All(v => v == step))
            ? step
            : throw new InvalidOperationException($"The checkpoint of step {step} holds other weights.");
    }
}
