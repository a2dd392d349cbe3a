using Duet.Learning.Models;
using Duet.Learning.Native;
using Shouldly;
using TorchSharp;
using Xunit;

namespace Duet.Learning.Tests.Models;

public sealed class PrecisionPolicyTests
{
    private static readonly CpuFeatures None = new(false, false);
    private static readonly CpuFeatures Avx = new(true, false);
    private static readonly CpuFeatures Amx = new(false, true);

    [Fact]
    public void Auto_is_bf16_only_where_the_cpu_computes_it()
    {
        PrecisionPolicy.Resolve(Precision.Auto, DeviceType.CPU, None, NotTried).Precision.ShouldBe(Precision.Fp32);
        PrecisionPolicy.Resolve(Precision.Auto, DeviceType.CPU, Avx, () => 2.34).ShouldBe((Precision.Bf16, "this CPU has AVX512-BF16, and a trial convolution took 2.3 times as long in fp32"));
        PrecisionPolicy.Resolve(Precision.Auto, DeviceType.CPU, Amx, () => 5).Reason.ShouldContain("AMX");
        PrecisionPolicy.Resolve(Precision.Auto, DeviceType.CUDA, Avx, NotTried).Precision.ShouldBe(Precision.Fp32);
    }

    [Theory]
    [InlineData("bf16", Precision.Bf16)]
    [InlineData("fp32", Precision.Fp32)]
    public void What_was_begun_goes_on_in_its_precision_whatever_a_trial_says_today(string begun, Precision expected)
    {
        PrecisionPolicy.Resume(Precision.Auto, DeviceType.CPU, begun, Avx, NotTried).ShouldBe((expected, "the run began in it"));
        PrecisionPolicy.Resume(Precision.Fp32, DeviceType.CPU, begun, Avx, NotTried).Precision.ShouldBe(Precision.Fp32, "the recipe asks for it");
        PrecisionPolicy.Resume(Precision.Bf16, DeviceType.CPU, begun, Avx, NotTried).Precision.ShouldBe(Precision.Bf16, "the recipe asks for it");
        PrecisionPolicy.Resume(Precision.Auto, DeviceType.CPU, begun: null, Avx, () => 2).Precision.ShouldBe(Precision.Bf16, "nothing was recorded");
        PrecisionPolicy.Resume(Precision.Auto, DeviceType.CPU, begun, None, NotTried).Precision.ShouldBe(Precision.Fp32, "this processor has no bf16");
    }

    [Fact]
    public void Bf16_that_is_slower_in_a_trial_is_not_taken_unless_the_recipe_asks()
    {
        var (precision, reason) = PrecisionPolicy.Resolve(Precision.Auto, DeviceType.CPU, Avx, () => 0.5);
        precision.ShouldBe(Precision.Fp32);
        reason.ShouldContain("slower in bf16 (x0.50)");
        PrecisionPolicy.Resolve(Precision.Auto, DeviceType.CPU, Avx, () => 0.9).Precision.ShouldBe(Precision.Bf16, "a busy machine");
        PrecisionPolicy.Resolve(Precision.Bf16, DeviceType.CPU, Avx, NotTried).Precision.ShouldBe(Precision.Bf16);
        Bf16Trial.Speedup.ShouldBeGreaterThan(0);
        Bf16Trial.Speedup.ShouldBe(Bf16Trial.Speedup, "measured once");
    }

    private static double NotTried() => throw new InvalidOperationException("nothing is to be tried");

    [Fact]
    public void What_a_recipe_asks_for_is_done_and_a_slow_choice_is_said()
    {
        PrecisionPolicy.Resolve(Precision.Fp32, DeviceType.CPU, Amx, NotTried).Precision.ShouldBe(Precision.Fp32);
        var (precision, reason) = PrecisionPolicy.Resolve(Precision.Bf16, DeviceType.CPU, None, NotTried);
        precision.ShouldBe(Precision.Bf16);
        reason.ShouldContain("slowly");
    }

    [Fact]
    public void The_features_are_those_that_the_kernel_lists()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc/cpuinfo is Linux's");
        var flags = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("flags", StringComparison.Ordinal))?.Split(' ') ?? [];
        CpuFeatures.Current.ShouldBe(new CpuFeatures(flags.Contains("avx512_bf16"), flags.Contains("amx_bf16") && flags.Contains("amx_tile")));
    }
}
