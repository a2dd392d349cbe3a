using Duet.Cli.Tests.Support;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

public sealed class WrongUseTests
{
    [Theory]
    [InlineData("docter", "error: 'docter' is no verb of 'duet'. Did you mean 'doctor'?")]
    [InlineData("zzz", "error: 'zzz' is no verb of 'duet'.")]
    [InlineData("recipes lits", "error: 'lits' is no verb of 'duet recipes'. Did you mean 'list'?")]
    [InlineData("recipes", "error: 'duet recipes' needs a verb: list, show, check.")]
    [InlineData("recipes list --jsn", "error: '--jsn' is no option of 'duet recipes list'. Did you mean '--json'?")]
    [InlineData("recipes show avts_demo --sett a=1", "error: '--sett' is no option of 'duet recipes show'. Did you mean '--set'?")]
    [InlineData("doctor twice", "error: 'twice' is one argument too many for 'duet doctor'.")]
    [InlineData("recipes show", "error: Required argument 'RECIPE' missing for command: 'show'.")]
    [InlineData("recipes show avts_demoo", "error: There is no recipe 'avts_demoo', neither a file nor one that ships. Did you mean 'avts_demo'?")]
    [InlineData("recipes check avts_demo --set training.batc=8", "error: --set training.batc=8: training: unknown key 'batc'; did you mean 'batch'?")]
    [InlineData("recipes check avts_demo --set training.batch=many", "error: --set training.batch=many: training.batch: expected a whole number, found 'many'.")]
    public void Ends_with_2_and_says_what_is_nearest(string line, string error)
    {
        var result = DuetProcess.Run(line.Split(' '));

        result.ExitCode.ShouldBe(2);
        result.Output.ShouldBeEmpty();
        result.Error.ShouldStartWith(error);
        result.Error.ShouldNotContain("   at "); // no stack trace
    }

    [Fact]
    public void Every_error_of_a_recipe_has_its_line()
    {
        var folder = Directory.CreateTempSubdirectory("duet-wrong-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "mine.yaml"), "name: mine\nclip:\n  frame: 8\ntraining:\n  batch: x\n");
            var result = DuetProcess.RunIn(folder, null, "recipes", "check", "mine.yaml");

            result.ExitCode.ShouldBe(2);
            var lines = result.Error.TrimEnd().Split('\n');
            lines.Length.ShouldBe(2);
            lines[0].ShouldStartWith("error: mine.yaml:3: clip: unknown key 'frame'; did you mean 'frames'?");
            lines[1].ShouldBe("error: mine.yaml:5: training.batch: expected a whole number, found 'x'.");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
