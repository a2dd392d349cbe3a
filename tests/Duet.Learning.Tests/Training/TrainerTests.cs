using System.Text.Json.Nodes;
using Duet.Data;
using Duet.Learning.Pretext.Avts;
using Duet.Learning.Training;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Training;

public sealed class TrainerTests
{
    [Fact]
    public void A_run_ends_with_everything_in_its_folder()
    {
        using var run = new TinyRun();
        var outcome = run.Run();
        outcome.Finished.ShouldBeTrue();
        outcome.Step.ShouldBe(TinyRun.StepsPerEpoch * TinyRun.Epochs);
        File.Exists(run.Folder.RecipeFile).ShouldBeTrue();
        File.Exists(run.Folder.EnvironmentFile).ShouldBeTrue();
        File.Exists(run.Folder.StoreFile).ShouldBeTrue();
        Directory.GetFiles(run.Folder.CheckpointFolder).Select(Path.GetFileName).Order().ShouldBe(
            ["step-00000010.json", "step-00000010.safetensors", "step-00000015.json", "step-00000015.safetensors"]);

        var lines = File.ReadAllLines(run.Folder.MetricsFile).Select(l => JsonNode.Parse(l)!).ToArray();
        var train = lines.Where(l => l["kind"]!.GetValue<string>() == "train").ToArray();
        train.Select(l => l["step"]!.GetValue<long>()).ShouldBe([2, 4, 5, 6, 8, 10, 12, 14, 15]);
        foreach (var name in new[] { "loss", "positive_distance", "negative_distance", "learning_rate", "clips_per_second", "data_wait_share", "seconds", "embedding_std_video", "embedding_std_audio", "gradient_norm" })
        {
            train.ShouldAllBe(l => double.IsFinite(l[name]!.GetValue<double>()));
        }

        train[^1]["stage"]!.GetValue<string>().ShouldBe("50 % easy, 50 % hard");
        var validation = lines.Where(l => l["kind"]!.GetValue<string>() == "validation").ToArray();
        validation.Length.ShouldBe(TinyRun.Epochs);
        validation.ShouldAllBe(l => l["accuracy"]!.GetValue<double>() >= 0 && l["accuracy"]!.GetValue<double>() <= 1 && l["loss"]!.GetValue<double>() > 0);
    }
}
