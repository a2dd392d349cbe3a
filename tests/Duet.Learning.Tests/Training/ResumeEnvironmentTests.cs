using System.Text.Json.Nodes;
using Duet.Data;
using Duet.Learning.Training;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Training;

/// <summary>What a resumed run says of where it is.</summary>
public sealed class ResumeEnvironmentTests
{
    [Fact]
    public void Whatever_can_change_the_last_bits_is_said_before_the_first_step_with_both_values()
    {
        using var run = new TinyRun();
        run.Run(stopAfter: 1);
        var made = JsonNode.Parse(File.ReadAllText(run.Folder.EnvironmentFile))!.AsObject();
        foreach (var (key, before) in new[]
        {
            ("threads", "7"), ("cpu_features", "\"abacus\""), ("processor", "\"an older one\""), ("precision", "\"bf16\""), ("libtorch", "\"1.0\""),
            ("torchsharp", "\"0.1\""), ("dotnet", "\"9.0.0\""), ("duet", "\"0.0.1\""), ("device", "\"cuda:0\""), ("convolutions", "\"by hand\""),
        })
        {
            var other = made.DeepClone();
            other[key] = JsonNode.Parse(before);
            File.WriteAllText(run.Folder.EnvironmentFile, other.ToJsonString());
            run.Progress.Clear();
            run.Run(resume: true, stopWhen: p => p is TrainingNote { Text: var text } && text.StartsWith("warning: ", StringComparison.Ordinal));
            run.Progress.OfType<StepProgress>().Count().ShouldBeLessThanOrEqualTo(1);
            var said = $"{key}: {before.Trim('"')} -> {made[key]!.ToString()}";
            run.Progress.First(p => p is StepProgress or TrainingNote { Text: ['w', 'a', 'r', ..] }).ShouldBeOfType<TrainingNote>().Text.ShouldContain(said);
            File.ReadLines(run.Folder.MetricsFile).Select(l => JsonNode.Parse(l)!).Last(l => l["kind"]!.GetValue<string>() == "event" && l["message"]!.GetValue<string>().StartsWith("warning", StringComparison.Ordinal))["message"]!
                .GetValue<string>().ShouldContain(said);
        }

        File.WriteAllText(run.Folder.EnvironmentFile, made.ToJsonString());
        run.Progress.Clear();
        run.Run(resume: true, stopWhen: p => p is StepProgress);
        run.Progress.OfType<TrainingNote>().ShouldNotContain(n => n.Text.Contains("warning"));
    }

    /// <summary>Versions of Duet before short products did not say how they convolved: directly.</summary>
    [Fact]
    public void A_run_that_does_not_say_how_it_convolved_did_so_directly()
    {
        using var run = new TinyRun();
        run.Run(stopAfter: 1);
        var made = JsonNode.Parse(File.ReadAllText(run.Folder.EnvironmentFile))!.AsObject();
        made.Remove("convolutions").ShouldBeTrue();
        File.WriteAllText(run.Folder.EnvironmentFile, made.ToJsonString());
        run.Run(resume: true, stopWhen: p => p is StepProgress);
        run.Progress.OfType<TrainingNote>().ShouldNotContain(n => n.Text.Contains("convolutions"));
    }

    [Fact]
    public void A_checkpoint_of_another_store_is_refused_and_one_of_another_recipe_is_named()
    {
        using var run = new TinyRun();
        run.Run(stopAfter: 1);
        using var other = new TinyRun { Fingerprint = new('b', 64) };
        other.Run(stopAfter: 2);
        foreach (var file in Directory.GetFiles(other.Folder.CheckpointFolder))
        {
            File.Copy(file, Path.Combine(run.Folder.CheckpointFolder, Path.GetFileName(file)));
        }

        Should.Throw<TrainingException>(() => run.Run(resume: true)).Message.ShouldContain("another store (fingerprint bbbbbbbbbbbb, not aaaaaaaaaaaa)");

        using var seeded = new TinyRun();
        seeded.Run(TinyRun.Recipe with { Seed = 77 }, stopAfter: 3);
        foreach (var file in Directory.GetFiles(seeded.Folder.CheckpointFolder))
        {
            File.Copy(file, Path.Combine(run.Folder.CheckpointFolder, Path.GetFileName(file)));
        }

        run.Progress.Clear();
        run.Run(resume: true, stopWhen: p => p is StepProgress);
        run.Progress.OfType<TrainingNote>().ShouldContain(n => n.Text.StartsWith("warning: the checkpoint '") && n.Text.Contains("step-00000003") && n.Text.Contains("another recipe"));
    }

    [Fact]
    public void Lost_lines_of_metrics_are_told_and_the_others_kept()
    {
        using var run = new TinyRun();
        run.Run(stopAfter: 4);
        var text = File.ReadAllLines(run.Folder.MetricsFile);
        File.WriteAllText(run.Folder.MetricsFile, text[0] + "\n");
        run.Progress.Clear();
        run.Run(resume: true, stopAfter: 5);
        run.Progress.OfType<TrainingNote>().ShouldContain(n => n.Text.Contains("has lost lines"));
        File.ReadLines(run.Folder.MetricsFile).First().ShouldBe(text[0]);
    }

    [Fact]
    public void A_store_that_goes_away_stops_the_run_and_counts_no_bad_samples()
    {
        using var run = new TinyRun();
        run.Clips.Reading = _ =>
        {
            if (run.Progress.OfType<StepProgress>().Any(p => p.Step >= 6))
            {
                throw new StoreLostException("the mount is gone");
            }
        };
        Should.Throw<StoreLostException>(() => run.Run());
        run.Header().State.ShouldSatisfyAllConditions(s => s.Step.ShouldBe(5), s => s.BadSamples.ShouldBe(0));
        File.ReadAllText(run.Folder.MetricsFile).ShouldNotContain("unreadable");
        run.Clips.Reading = null;
        run.Run(resume: true).Finished.ShouldBeTrue();
    }
}
