using Duet.Cli.Doctor;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.Doctor;

public sealed class ChecksTests
{
    [Fact]
    public void Reads_the_processors_features()
    {
        var finding = MachineChecks.Processor("processor\t: 0\nmodel name\t: A CPU: fast\nflags\t\t: fpu avx2 avx512f amx_bf16x\n");

        finding.Value.ShouldBe("A CPU: fast: avx2, avx512f, no avx512_bf16, no amx_bf16");
        finding.Status.ShouldBe(FindingStatus.Good);
        MachineChecks.Processor("flags : fpu sse2").Status.ShouldBe(FindingStatus.Warning);
    }

    [Fact]
    public void Memory_is_the_machines_or_the_containers_whichever_is_less()
    {
        const string info = "MemTotal:       16777216 kB\nMemFree: 1 kB\nMemAvailable:    8388608 kB\n";

        MachineChecks.Memory(info, long.MaxValue).Value.ShouldBe("16.0 GiB, 8.0 GiB of it free");
        MachineChecks.Memory(info, 2L << 30).Value.ShouldBe("2.0 GiB, 2.0 GiB of it free");
        MachineChecks.Memory(info, 2L << 30).Status.ShouldBe(FindingStatus.Warning);
        MachineChecks.Memory("", 8L << 30).Status.ShouldBe(FindingStatus.Good);
    }

    [Fact]
    public void Names_the_codecs_that_cannot_be_decoded()
    {
        const string codecs = """
            Codecs:
             D..... = Decoding supported
             ------
             DEV.L. h264      H.264 (decoders: h264) (encoders: libx264)
             .EV.L. av1       Alliance for Open Media AV1
             DEA.L. aac       AAC
            """;

        SoftwareChecks.MissingDecoders(codecs).ShouldBe(["hevc", "vp8", "vp9", "av1", "mpeg4", "mjpeg", "mp3", "opus", "vorbis"]);
    }

    [Fact]
    public void Finds_the_newest_symbol_version()
    {
        SoftwareChecks.NewestVersion("\0GLIBCXX_3.4\0GLIBCXX_3.4.9\0GLIBCXX_3.4.30\0GLIBCXX_3.4.4\0GLIBCXX_3.4."u8).ShouldBe(30);
        SoftwareChecks.NewestVersion("nothing"u8).ShouldBeNull();
    }
}
