using Duet.Cli.Hosting;
using Duet.Data;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.Hosting;

public sealed class ErrorReportTests
{
    public static TheoryData<string, int, string> Expected => new()
    {
        { "usage", 2, "error: wrong\n" },
        { "two", 2, "error: one\nerror: two\n" },
        { "failure", 1, "error: failed\n" },
        { "aggregate", 1, "error: failed\n" },
        { "full", 1, "error: the disk is full: No space left on device : '/x/y'. Free some space, or name another folder, and run the same command again.\n" },
        { "read-only", 1, "error: this place can only be read: Read-only file system : '/x/y'. Name a folder that can be written.\n" },
        { "denied", 1, "error: Access to the path '/x/y' is denied. Check the permissions, or name another folder.\n" },
        { "interrupted", 130, "interrupted\n" },
    };

    [Theory]
    [MemberData(nameof(Expected))]
    public void An_expected_error_is_one_line_and_its_exit_code(string kind, int exitCode, string text)
    {
        Exception exception = kind switch
        {
            "usage" => new UsageException("wrong"),
            "two" => new UsageException("one\ntwo"),
            "failure" => new DuetException("failed"),
            "aggregate" => new AggregateException(new AggregateException(new DuetException("failed"))),
            "full" => new IOException("No space left on device : '/x/y'", 28),
            "read-only" => new IOException("Read-only file system : '/x/y'", 30),
            "denied" => new UnauthorizedAccessException("Access to the path '/x/y' is denied."),
            _ => new OperationCanceledException(),
        };
        using var error = new StringWriter();

        ErrorReport.Print(exception, interrupted: kind == "interrupted", error).ShouldBe(exitCode);
        error.ToString().ShouldBe(text);
    }

    [Fact]
    public void A_bug_is_printed_in_full()
    {
        using var error = new StringWriter();

        ErrorReport.Print(new InvalidOperationException("what?"), interrupted: false, error).ShouldBe(1);
        error.ToString().ShouldStartWith("error: what?\nThis is a bug in Duet.");
        error.ToString().ShouldContain(nameof(InvalidOperationException));
    }

    [Fact]
    public void A_cancellation_that_nobody_asked_for_is_a_bug()
    {
        using var error = new StringWriter();

        ErrorReport.Print(new OperationCanceledException("lost"), interrupted: false, error).ShouldBe(1);
        error.ToString().ShouldContain("This is a bug");
    }
}
