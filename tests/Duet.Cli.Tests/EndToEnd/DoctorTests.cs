using System.Text.Json;
using Duet.Cli.Tests.Support;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

public sealed class DoctorTests
{
    [Fact]
    public void Names_what_it_looked_at_and_finds_libtorch()
    {
        var result = DuetProcess.Run("doctor", "--json");

        using var json = JsonDocument.Parse(result.Output);
        var findings = json.RootElement.GetProperty("findings").EnumerateArray().ToDictionary(f => f.GetProperty("name").GetString()!, f => f.Clone());
        new[] { "system", ".NET", "processor", "threads", "memory", "ffmpeg", "ffprobe", "libstdc++", "libtorch", "GPU" }.ShouldBeSubsetOf(findings.Keys);
        findings["libtorch"].GetProperty("status").GetString().ShouldBe("good");
        findings["libtorch"].GetProperty("value").GetString()!.ShouldStartWith("2.10.");
        result.ExitCode.ShouldBe(json.RootElement.GetProperty("problems").GetInt32() == 0 ? 0 : 1);
    }

    [Fact]
    public void Says_how_to_get_ffmpeg_where_there_is_none()
    {
        var result = DuetProcess.RunIn(null, new Dictionary<string, string> { ["PATH"] = "/nonexistent" }, "doctor");

        result.ExitCode.ShouldBe(1);
        result.Output.ShouldContain("problem  ffmpeg");
        result.Output.ShouldContain("sudo apt-get install -y ffmpeg");
        result.Output.ShouldEndWith("2 things are missing; see above.\n");
    }

    [Fact]
    public void A_variable_that_means_nothing_is_a_finding_among_the_others()
    {
        var result = DuetProcess.RunIn(null, new Dictionary<string, string> { ["DUET_CONVOLUTIONS"] = "quick" }, "doctor", "--json");

        using var json = JsonDocument.Parse(result.Output);
        var findings = json.RootElement.GetProperty("findings").EnumerateArray().ToDictionary(f => f.GetProperty("name").GetString()!, f => f.Clone());
        findings["libtorch"].GetProperty("status").GetString().ShouldBe("good");

        // Where fp32 is taken nobody asks for the variable.
        if (findings["precision: auto"].GetProperty("value").GetString() is { } value && !value.StartsWith("fp32", StringComparison.Ordinal))
        {
            findings["precision: auto"].GetProperty("status").GetString().ShouldBe("problem");
            value.ShouldBe("DUET_CONVOLUTIONS is 'quick': it can be auto, direct, mixed or winograd.");
            result.ExitCode.ShouldBe(1);
        }
    }
}
