using Duet.Learning.Native;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Native;

public sealed class LibstdcxxCureTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("duet-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    [InlineData(5000)]
    public void A_library_that_is_cut_off_is_one_error_that_names_it(int length)
    {
        var whole = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, LibstdcxxCure.FileName));
        File.WriteAllBytes(Path.Combine(folder, LibstdcxxCure.FileName), whole.AsSpan(0, length));
        Should.Throw<TorchUnavailableException>(() => LibstdcxxCure.Apply(folder)).Message.ShouldContain(LibstdcxxCure.FileName);
        Directory.GetFiles(folder).ShouldHaveSingleItem();
    }
}
