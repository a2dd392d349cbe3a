using Duet.Data.Media;
using Duet.Data.Store;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Store;

public sealed class AnalyserTests : IDisposable
{
    private const string NoLinks = "/sys"; // the kernel's own file system has nobody's links

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_name_that_needs_a_link_where_there_are_none_is_that_files_trouble_alone()
    {
        Assert.SkipUnless(Directory.Exists(NoLinks), "no such file system");
        File.WriteAllText(folder["line\nbreak.mp4"], "");
        File.WriteAllText(folder["plain.mp4"], "");
        var limits = new IngestOptions { Source = "", Store = "" }.MediaLimits;
        var analyser = new Analyser(MediaTools.Find(), new StoreSettings(), new QualityLimits(), NoLinks, limits);
        var needing = await analyser.AnalyseAsync(folder["line\nbreak.mp4"], "id", threads: 1, (_, _) => { }, TestContext.Current.CancellationToken);
        needing.Reason.ShouldBe(QuarantineReason.Unreadable);
        needing.Detail.ShouldNotBeNull().ShouldContain("rename it");
        var plain = await analyser.AnalyseAsync(folder["plain.mp4"], "id", threads: 1, (_, _) => { }, TestContext.Current.CancellationToken);
        plain.Reason.ShouldBe(QuarantineReason.Undecodable);
    }
}
