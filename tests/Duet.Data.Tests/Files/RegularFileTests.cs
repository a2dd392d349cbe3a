using Duet.Data.Files;
using Duet.Data.Tests.Store;
using Duet.Data.Tests.Store.Broken;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Files;

public sealed class RegularFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_link_is_as_long_as_what_it_leads_to()
    {
        File.WriteAllText(folder["file"], "12345");
        File.CreateSymbolicLink(folder["link"], "file");
        RegularFile.Length(folder["link"]).ShouldBe(5);
        RegularFile.ReadAllText(folder["link"], most: 5).ShouldBe("12345");
        Should.Throw<IOException>(() => RegularFile.ReadAllBytes(folder["link"], most: 4)).Message.ShouldBe("it has 5 bytes, and such a file has at most 4");
    }

    /// <summary>A pipe would be waited for, and zeros never end: neither is opened.</summary>
    [Fact]
    public void What_is_no_file_is_not_opened()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only there is it known without opening it");
        BrokenCorpus.Shell("mkfifo \"$1\"", folder["pipe"]);
        File.CreateSymbolicLink(folder["zeros"], "/dev/zero");
        Should.Throw<IOException>(() => RegularFile.ReadAllText(folder["pipe"], most: 100)).Message.ShouldBe("it is a named pipe, not a file");
        Should.Throw<IOException>(() => RegularFile.ReadAllText(folder["zeros"], most: 100)).Message.ShouldBe("it is a device, not a file");
        Should.Throw<FileNotFoundException>(() => RegularFile.ReadAllText(folder["nothing"], most: 100));
    }
}
