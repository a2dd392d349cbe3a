using Duet.Learning.Native;
using Shouldly;
using TorchSharp;
using Xunit;

namespace Duet.Learning.Tests.Native;

public sealed class TorchRuntimeTests
{
    [Fact]
    public void A_gradient_flows_through_a_convolution()
    {
        using var scope = torch.NewDisposeScope();
        var input = torch.ones([1, 1, 4, 4, 4]);
        using var conv = torch.nn.Conv3d(1, 2, 3);
        conv.forward(input).sum().backward();
        conv.weight!.grad!.sum().ToDouble().ShouldBe(2 * 27 * 8, 1e-3);
        TorchRuntime.CureStatus.ShouldNotBeNull();
    }

    [Fact]
    public void The_copied_library_needs_no_version_that_this_system_lacks()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "ELF files are Linux's");
        var path = Path.Combine(AppContext.BaseDirectory, LibstdcxxCure.FileName);
        var needs = ElfImage.Parse(File.ReadAllBytes(path)).NeededVersions().ToList();
        needs.ShouldContain(n => n.Library == "libstdc++.so.6" && n.Version == "GLIBCXX_3.4.32");
        needs.Count(n => (n.Flags & ElfImage.WeakFlag) != 0).ShouldBeLessThanOrEqualTo(1);
    }

    [Fact]
    public void A_truncated_library_is_refused()
    {
        var path = Path.Combine(AppContext.BaseDirectory, LibstdcxxCure.FileName);
        Assert.SkipUnless(File.Exists(path), "no ELF library beside the tests");
        var bytes = File.ReadAllBytes(path);
        Should.Throw<InvalidDataException>(() => ElfImage.Parse(bytes[..(bytes.Length / 2)]).NeededVersions().ToList());
        Should.Throw<InvalidDataException>(() => ElfImage.Parse([1, 2, 3]));
    }
}
