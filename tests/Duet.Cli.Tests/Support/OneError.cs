using Shouldly;

namespace Duet.Cli.Tests.Support;

/// <summary>What every error that a user can cause looks like.</summary>
internal static class OneError
{
    /// <summary>The exit code, nothing on standard output but messages, and one line on standard error that says all of it.</summary>
    /// <param name="result">What the call left behind.</param>
    /// <param name="exitCode">The exit code that it must have.</param>
    /// <param name="parts">What the line must say.</param>
    public static void ShouldBeOneError(this DuetResult result, int exitCode, params string[] parts)
    {
        result.Error.TrimEnd('\n').Split('\n').Length.ShouldBe(1, result.Error);
        result.Error.ShouldStartWith("error: ");
        foreach (var part in parts)
        {
            result.Error.ShouldContain(part, Case.Sensitive);
        }

        result.ExitCode.ShouldBe(exitCode, result.Error);
    }
}
