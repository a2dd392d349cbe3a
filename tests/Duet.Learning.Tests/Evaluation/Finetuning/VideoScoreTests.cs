using Duet.Data.Randomness;
using Duet.Learning.Evaluation.Finetuning;
using Duet.Learning.Weights;
using Shouldly;
using TorchSharp;
using Xunit;

namespace Duet.Learning.Tests.Evaluation.Finetuning;

public sealed class VideoScoreTests
{
    [Fact]
    public void The_top_classes_are_those_of_a_full_sort()
    {
        for (var i = 0; i < 200; i++)
        {
            var random = new KeyedRandom(1, i, "", "scores");
            var probabilities = Enumerable.Range(0, 9).Select(_ => (double)random.NextInteger(6)).ToArray(); // with ties
            var score = new VideoScore(LevelStore.Video("v"), probabilities, 1);
            var sorted = probabilities.Select((p, c) => (p, c)).OrderBy(x => -x.p).ThenBy(x => x.c).Select(x => x.c).ToList();
            score.Ranking().ShouldBe(sorted);
            for (var label = 0; label < 9; label++)
            {
                score.RankOf(label).ShouldBe(sorted.IndexOf(label) + 1);
                (score.RankOf(label) <= 5).ShouldBe(sorted.Take(5).Contains(label));
            }
        }
    }

    [Fact]
    public void A_classifier_file_reads_back_and_a_damaged_one_is_refused()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("duet-classifier-").FullName, "classifier.safetensors");
        using var weight = torch.ones(3, 5);
        using var bias = torch.zeros(3);
        var card = new ClassifierCard
        {
            Classes = ["a", "b", "c"],
            Inputs = [new("video", "conv5", 2, default), new("audio", "conv5", 3, default)],
            Average = ClipAverage.Scores,
            Run = "run",
            Method = "xdc",
            Step = 7,
            Store = "store",
        };
        var parameters = new Dictionary<string, torch.Tensor>(StringComparer.Ordinal) { ["weight"] = weight, ["bias"] = bias };
        ClassifierFile.Save(path, parameters, card);
        var (read, other) = ClassifierFile.Load(path);
        using (read)
        {
            other.Classes.ShouldBe(card.Classes);
            other.Inputs.ShouldBe(card.Inputs);
            (other.Average, other.Method, other.Step, other.Store).ShouldBe((ClipAverage.Scores, "xdc", 7L, "store"));
            read.Tensors["weight"].bytes.ToArray().ShouldBe(weight.bytes.ToArray());
        }

        ClassifierFile.Save(path, parameters, card with { Classes = ["a", "b"] });
        Should.Throw<WeightsException>(() => ClassifierFile.Load(path)).Message.ShouldContain("weight of [2, 5]");
        ClassifierFile.Save(path, parameters, card with { Format = "duet.classifier/9" });
        Should.Throw<WeightsException>(() => ClassifierFile.Load(path)).Message.ShouldContain("format");
        SafeTensors.Write(path, parameters);
        Should.Throw<WeightsException>(() => ClassifierFile.Load(path)).Message.ShouldContain("no classifier's card");
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }
}
