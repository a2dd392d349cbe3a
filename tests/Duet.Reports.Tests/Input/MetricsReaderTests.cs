using Duet.Reports.Input;
using Duet.Reports.Tests.Synthetic;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests.Input;

public sealed class MetricsReaderTests
{
    [Fact]
    public void LinesAreSortedByKind()
    {
        var metrics = Read("""
            {"kind":"train","step":1,"loss":0.5,"data_wait_share":0.25,"stage":0}
            {"kind":"validation","step":1,"accuracy":0.75}
            {"kind":"event","step":1,"message":"hello"}
            {"kind":"a kind of the future","step":1}

            {"kind":"train","step":2,"loss":0.25}
            """);
        metrics.Train.Select(m => (m.Step, m.Loss)).ShouldBe([(1, 0.5), (2, 0.25)]);
        metrics.Train[0].DataWaitShare.ShouldBe(0.25);
        metrics.Validation.Single().Accuracy.ShouldBe(0.75);
        metrics.Events.Single().Message.ShouldBe("hello");
        metrics.TornLastLine.ShouldBeFalse();
    }

    [Fact]
    public void StepsThatAResumedRunDidAgainCountOnce()
    {
        var metrics = Read("""
            {"kind":"train","step":1,"loss":1}
            {"kind":"train","step":2,"loss":2}
            {"kind":"train","step":3,"loss":3}
            {"kind":"validation","step":3,"loss":3}
            {"kind":"event","step":1,"message":"resumed"}
            {"kind":"train","step":2,"loss":20}
            {"kind":"train","step":3,"loss":30}
            {"kind":"validation","step":3,"loss":30}
            """);
        metrics.Train.Select(m => m.Loss).ShouldBe([1.0, 20, 30]);
        metrics.Validation.Single().Loss.ShouldBe(30);
    }

    [Fact]
    public void NumbersThatAreNoneMayBeNamedOrNull()
    {
        var metrics = Read("""
            {"kind":"train","step":1,"loss":"NaN","positive_distance":"Infinity","negative_distance":null}
            """);
        metrics.Train[0].Loss.ShouldBe(double.NaN);
        metrics.Train[0].PositiveDistance.ShouldBe(double.PositiveInfinity);
        metrics.Train[0].NegativeDistance.ShouldBeNull();
    }

    [Fact]
    public void ATornLastLineIsLeftOutAndSaid()
    {
        var metrics = Read("{\"kind\":\"train\",\"step\":1,\"loss\":1}\n{\"kind\":\"train\",\"st");
        metrics.Train.Count.ShouldBe(1);
        metrics.TornLastLine.ShouldBeTrue();
    }

    [Theory]
    [InlineData("{\"kind\":\"train\",\"step\":1}\n{oops}\n", "line 2")]
    [InlineData("{\"kind\":\"train\",\"step\":1}\n\n{\"kind\":\"train\",\"step\":\"two\"}\n", "line 3")]
    [InlineData("{\"kind\":\"train\"}\n", "needs its step")]
    [InlineData("{\"kind\":\"train\",\"step\":-1}\n", "needs its step")]
    [InlineData("null\n", "line 1")]
    [InlineData("[1]\n", "line 1")]
    public void AMalformedLineIsNamed(string text, string expected)
    {
        var error = Should.Throw<ReportException>(() => Read(text));
        error.Message.ShouldContain("metrics.jsonl");
        error.Message.ShouldContain(expected);
        error.Message.ShouldContain("line ");
    }

    [Fact]
    public void NoFileIsAnEmptyRun() => MetricsReader.Read(Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"))).IsEmpty.ShouldBeTrue();

    [Fact]
    public void AByteOrderMarkIsNoPartOfTheFirstLine() => Read("\uFEFF{\"kind\":\"train\",\"step\":1}\n").Train.Count.ShouldBe(1);

    private static Metrics Read(string text)
    {
        using var run = new RunFolderBuilder().Write("metrics.jsonl", text.EndsWith('\n') || text.EndsWith("\"st", StringComparison.Ordinal) ? text : text + "\n");
        return MetricsReader.Read(run.File("metrics.jsonl"));
    }
}
