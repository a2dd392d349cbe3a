using System.CommandLine;
using Duet.Cli.Hosting;
using Duet.Cli.Tests.Support;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

public sealed class HelpTests
{
    public static TheoryData<string> Verbs => [.. Walk(DuetCommand.Create(), "")];

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Every_verb_has_help_with_an_example_of_itself(string path)
    {
        var words = path.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var result = DuetProcess.Run([.. words, "--help"]);

        result.ExitCode.ShouldBe(0);
        result.Error.ShouldBeEmpty();
        result.Output.ShouldContain("Usage:");
        var examples = result.Output[result.Output.IndexOf("Examples:", StringComparison.Ordinal)..];
        examples.ShouldContain("duet " + path);
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Every_example_parses(string path)
    {
        var root = DuetCommand.Create();
        var verb = path.Split(' ', StringSplitOptions.RemoveEmptyEntries).Aggregate(root, (at, word) => at.Subcommands.Single(c => c.Name == word)).ShouldBeOfType<Verb>();

        verb.Examples.ShouldNotBeEmpty();
        foreach (var example in verb.Examples)
        {
            example.CommandLine.ShouldStartWith("duet ");
            root.Parse(example.CommandLine.Split('>')[0]["duet ".Length..]).Errors.ShouldBeEmpty(example.CommandLine);
        }
    }

    [Fact]
    public void Help_of_the_recipes_verbs_is_as_approved()
    {
        ApprovedText.Check("help-recipes", DuetProcess.Run("recipes", "--help").Output);
        ApprovedText.Check("help-recipes-check", DuetProcess.Run("recipes", "check", "--help").Output);
        ApprovedText.Check("help-doctor", DuetProcess.Run("doctor", "--help").Output);
        ApprovedText.Check("help-clusters", DuetProcess.Run("clusters", "--help").Output);
        ApprovedText.Check("help-filters", DuetProcess.Run("filters", "--help").Output);
    }

    [Fact]
    public void Version_is_a_number() => DuetProcess.Run("--version").Output.ShouldMatch(@"^\d+\.\d+\.\d+");

    private static IEnumerable<string> Walk(Command command, string path) =>
        command.Subcommands.Select(c => $"{path} {c.Name}".Trim()).Zip(command.Subcommands).SelectMany(v => Walk(v.Second, v.First).Prepend(v.First));
}
