using System.Globalization;
using Duet.Reports.Charts;
using Duet.Reports.Input;
using Duet.Reports.Sections;
using Duet.Reports.Tests.Synthetic;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests.Sections;

public sealed class TrainingSectionTests
{
    private static readonly RecipeSummary Recipe = new() { Stages = [new StageSummary(5, "easy"), new StageSummary(5, "hard")] };

    [Fact]
    public void StagesTouchAndTakeTheirNamesFromTheRecipe() =>
        TrainingSection.Stages(Lines((10, "0"), (20, "0"), (30, "1"), (40, "1")), Recipe)
            .ShouldBe([new Stretch(10, 20, "easy"), new Stretch(20, 40, "hard")]);

    [Fact]
    public void StagesMayBeCountedFromOneOrNamed()
    {
        TrainingSection.Stages(Lines((10, "1"), (20, "2")), Recipe).Select(s => s.Name).ShouldBe(["easy", "hard"]);
        TrainingSection.Stages(Lines((10, "\"warm\""), (20, "\"cold\"")), Recipe).Select(s => s.Name).ShouldBe(["warm", "cold"]);
        TrainingSection.Stages(Lines((10, "0"), (20, "1")), new RecipeSummary()).Select(s => s.Name).ShouldBe(["stage 1", "stage 2"]);
        TrainingSection.Stages(Lines((10, "0"), (20, "1e300")), Recipe).Select(s => s.Name).ShouldBe(["easy", "stage 2"]);
    }

    [Fact]
    public void WithoutStagesNothingIsShaded() => TrainingSection.Stages(Lines((10, "null")), Recipe).ShouldBeEmpty();

    [Fact]
    public void AllCurvesOfARunAreThereAndShaded()
    {
        using var run = new RunFolderBuilder().Recipe().Metrics();
        var page = ReportPage.Write(run);
        var titles = page.Section("training")!.Descendants("figcaption").Select(c => c.Value).ToList();
        titles.ShouldBe(["Loss", "Mean distance of picture and sound", "Validation accuracy", "Learning rate", "Share of time waiting for data", "Spread of the embeddings"]);
        foreach (string title in titles)
        {
            page.Chart(title).Descendants("text").Where(t => (string?)t.Attribute("class") == "stage-name").Select(t => t.Value).ShouldBe(["easy", "75\u00A0% easy + 25\u00A0% hard"]);
        }

        page.Chart("Validation accuracy").Descendants("span").Where(s => (string?)s.Attribute("class") == "key").Select(s => s.Value).ShouldBe(["easy and hard", "easy", "hard"]);
        ReportPage.Shown(page.Section("training")!).ShouldContain("stage 2 begins: 75 % easy, 25 % hard negatives");
        ReportPage.Shown(page.Section("training")!).ShouldContain("1 200 steps in 3 min 48 s.");
    }

    [Fact]
    public void ARunThatDivergedIsDrawnAndSaid()
    {
        using var run = new RunFolderBuilder().Write("metrics.jsonl", """
            {"kind":"train","step":1,"loss":0.5,"learning_rate":1e300}
            {"kind":"train","step":2,"loss":1e308,"learning_rate":-1e300}
            {"kind":"train","step":3,"loss":"NaN"}
            {"kind":"train","step":4,"loss":null}

            """);
        var page = ReportPage.Write(run);
        ReportPage.Shown(page.Section("notes")!).ShouldContain("2 of 4 training lines have no finite loss");
        page.Html.ShouldNotContain("NaN");
        page.Html.ShouldNotContain("Infinity");
    }

    private static Metrics Lines(params (long Step, string Stage)[] lines)
    {
        using var run = new RunFolderBuilder().Write("metrics.jsonl", string.Concat(lines.Select(l =>
            string.Create(CultureInfo.InvariantCulture, $"{{\"kind\":\"train\",\"step\":{l.Step},\"stage\":{l.Stage}}}\n"))));
        return MetricsReader.Read(run.File("metrics.jsonl"));
    }
}
