using System.Security.Cryptography;
using System.Text.Json;
using Duet.Cli.Tests.Support;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

[Collection(TinyStore.Collection)]
[Trait("Category", "Slow")]
public sealed class BenchTests(TinyStore tiny)
{
    [Fact]
    public void A_store_is_measured_and_left_as_it_was()
    {
        var before = Hashes();
        var scratch = Scratch();
        var result = DuetProcess.RunIn(tiny.Folder, scratch, "bench", "tiny.yaml", "--store", "store", "--steps", "2");
        result.ExitCode.ShouldBe(0, result.Error);
        result.Output.ShouldMatch(@"tiny \(avts\): mc3_18 and vgg_m, 8x32x32 at 25/2 fps, 0.64 s of sound");
        result.Output.ShouldMatch(@"\n[\d.]+ clips/s: a step of 8 clips takes [\d.]+ s \([\d.]+ to [\d.]+ over 2 steps\)");
        result.Output.ShouldMatch(@"\nforward +[\d.]+ % +[\d.]+ s\nbackward +[\d.]+ %");
        result.Output.ShouldContain("\nWhat to change:");
        result.Output.ShouldContain("measure: 5 of 5 steps");
        Hashes().ShouldBe(before);
        Directory.GetFileSystemEntries(scratch["TMPDIR"]).ShouldBeEmpty();
    }

    [Fact]
    public void Json_has_the_numbers_alone()
    {
        var result = tiny.Duet("bench", "tiny.yaml", "--store", "store", "--steps", "2", "--set", "training.accumulate=2", "--json");
        result.ExitCode.ShouldBe(0, result.Error);
        var root = JsonDocument.Parse(result.Output).RootElement;
        (root.GetProperty("format").GetString(), root.GetProperty("kind").GetString()).ShouldBe(("duet.result/1", "bench"));
        root.GetProperty("settings").GetProperty("accumulate").GetInt32().ShouldBe(2);
        root.GetProperty("phase_seconds").GetProperty("backward").GetDouble().ShouldBeGreaterThan(0);
        root.GetProperty("clips_per_second").GetDouble().ShouldBeGreaterThan(0);
        root.GetProperty("arithmetic").GetProperty("rates").GetProperty("fp32_flops").GetDouble().ShouldBeGreaterThan(1e8);
    }

    [Fact]
    public void Without_a_store_videos_are_made_and_deleted_again()
    {
        var scratch = Scratch();
        var result = DuetProcess.RunIn(tiny.Folder, scratch, "bench", "tiny.yaml", "--steps", "1");
        result.ExitCode.ShouldBe(0, result.Error);
        result.Output.ShouldContain("generated videos, frames with a short side of 128 pixels");
        Directory.GetFileSystemEntries(scratch["TMPDIR"]).ShouldBeEmpty();
    }

    [Fact]
    public void Stopped_it_leaves_nothing_behind()
    {
        var result = DuetProcess.RunUntil(tiny.Folder, "measure: 1", Signals.SendInterrupt, "bench", "tiny.yaml", "--store", "store", "--steps", "1000", "--set", "training.batch=16", "--set", "clip.size=64");
        result.ExitCode.ShouldBe(130, result.Error);
        result.Error.ShouldContain("interrupted");
    }

    [Fact]
    public void What_can_not_be_measured_is_one_error()
    {
        var probe = tiny.Duet("bench", "probe_esc50", "--store", "store");
        (probe.ExitCode, probe.Error).ShouldBe((2, "error: The recipe 'probe_esc50' trains nothing, and training is what is measured here. Name one to pretrain or to finetune by; 'duet recipes list' shows them.\n"));
        tiny.Duet("bench", "tiny.yaml", "--store", "nowhere").ExitCode.ShouldBe(1);
        tiny.Duet("bench", "tiny.yaml", "--store", "store", "--steps", "-3").ExitCode.ShouldBe(2);
    }

    private Dictionary<string, string> Scratch() => new(StringComparer.Ordinal) { ["TMPDIR"] = Directory.CreateDirectory(tiny.In($"scratch-{Guid.NewGuid():N}")).FullName };

    private Dictionary<string, string> Hashes() => Directory.GetFiles(tiny.In("store"), "*", SearchOption.AllDirectories)
        .ToDictionary(f => f, f => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f))), StringComparer.Ordinal);
}
