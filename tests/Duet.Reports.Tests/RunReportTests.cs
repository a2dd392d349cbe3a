using Duet.Reports.Tests.Synthetic;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests;

public sealed class RunReportTests
{
    [Fact]
    public void ADemoFolderBecomesOneReport()
    {
        using var run = new RunFolderBuilder().Demo();
        string path = RunReport.Write(run.Folder);
        path.ShouldBe(run.File("report.html"));
        if (Environment.GetEnvironmentVariable("DUET_KEEP_REPORT") is { Length: > 0 } keep)
        {
            File.Copy(path, keep, overwrite: true);
        }
    }
}
