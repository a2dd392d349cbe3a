using Duet.Data.Files;
using Duet.Data.Tests.Store;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Files;

public sealed class SpoolFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_file_is_old_until_the_new_one_is_whole()
    {
        var path = folder["sound.pcm"];
        File.WriteAllText(path, "old");
        Should.Throw<OperationCanceledException>(() => SpoolFile.Rewrite(path, (from, to) =>
        {
            from.CopyTo(to);
            to.Flush();
            throw new OperationCanceledException();
        }));
        File.ReadAllText(path).ShouldBe("old");
        Directory.GetFiles(folder.Path).ShouldBe([path]);

        SpoolFile.Rewrite(path, (from, to) =>
        {
            to.Write("new, "u8);
            from.CopyTo(to);
        });
        File.ReadAllText(path).ShouldBe("new, old");
        Directory.GetFiles(folder.Path).ShouldBe([path]);
    }
}
