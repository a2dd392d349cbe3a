using System.Text.Json;
using Duet.Cli.Tests.Support;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

/// <summary><c>duet weights</c>: out of a run, into PyTorch's format, back, and on to where encoders are used.</summary>
[Collection(TinyStore.Collection)]
[Trait("Category", "Slow")]
public sealed class WeightsTests(TinyStore tiny)
{
    [Fact]
    public void An_encoder_goes_out_and_comes_back_to_be_used()
    {
        var export = tiny.Duet("weights", "export", tiny.Run, "--modality", "video", "--out", "out.pth", "--json");
        export.ExitCode.ShouldBe(0, export.Error);
        JsonDocument.Parse(export.Output).RootElement.GetProperty("file_format").GetString().ShouldBe("pytorch zip");

        var inspect = tiny.Duet("weights", "inspect", "out.pth");
        inspect.ExitCode.ShouldBe(0, inspect.Error);
        inspect.Output.ShouldMatch(@"stem\.0\.weight +float32 +\[8, 3, 3, 7, 7\]");
        inspect.Output.ShouldContain("network   mc3_18, width 0.125, 2 stages; 0 tensors are left over");

        tiny.Duet("weights", "import", "out.pth", "--out", "back.safetensors").ExitCode.ShouldBe(2); // mc3_18 or r3d_18?
        var import = tiny.Duet("weights", "import", "out.pth", "--out", "back.safetensors", "--network", "mc3_18", "--like", tiny.Run, "--json");
        import.ExitCode.ShouldBe(0, import.Error);
        var result = JsonDocument.Parse(import.Output).RootElement;
        result.GetProperty("kind").GetString().ShouldBe("weights_import");
        result.GetProperty("matched").GetArrayLength().ShouldBe(30);
        result.GetProperty("card").GetProperty("clip").GetProperty("frames").GetInt32().ShouldBe(8);

        // The same encoder by another way gives the same numbers.
        tiny.Duet("extract", "back.safetensors", "--store", "store", "--out", "back.npy", "--clips", "1").ExitCode.ShouldBe(0);
        tiny.Duet("extract", tiny.Run, "--store", "store", "--modality", "video", "--out", "run.npy", "--clips", "1").ExitCode.ShouldBe(0);
        File.ReadAllBytes(tiny.In("back.npy")).ShouldBe(File.ReadAllBytes(tiny.In("run.npy")));

        var probe = tiny.Duet("eval", "probe", "back.safetensors", "--store", "store", "--out", "probe.json", "--clips", "1", "--random-seeds", "1", "--json");
        probe.ExitCode.ShouldBe(0, probe.Error);
        JsonDocument.Parse(probe.Output).RootElement.GetProperty("results").EnumerateArray().Select(r => r.GetProperty("weights").GetString()).ShouldContain("pretrained");
    }

    [Fact]
    public void An_imported_encoder_is_finetuned_as_the_run_is_that_it_came_from()
    {
        tiny.Duet("weights", "export", tiny.Run, "--modality", "video", "--out", "tuned.pth").ExitCode.ShouldBe(0);
        tiny.Duet("weights", "import", "tuned.pth", "--out", "tuned.safetensors", "--network", "mc3_18", "--like", tiny.Run).ExitCode.ShouldBe(0);
        File.WriteAllText(tiny.In("tune.yaml"), """
            name: tune
            protocol: finetune
            clip: { frames: 8, frame_rate: 25, size: 32, scales: [1.0] }
            finetune: { modality: video, epochs: 2, learning_rates: [0.05], test_clips: 2, resamples: 100 }
            training: { epoch_size: 16, batch: 4, threads: 1, workers: 1, precision: fp32 }
            """);
        var imported = Predictions("tuned.safetensors");
        imported.GetArrayLength().ShouldBeGreaterThan(0);
        JsonElement.DeepEquals(imported, Predictions(tiny.Run)).ShouldBeTrue();

        JsonElement Predictions(string encoder)
        {
            var finetune = tiny.Duet("eval", "finetune", encoder, "--store", "store", "--protocol", "tune.yaml", "--out", Path.GetFileName(encoder) + "-out", "--json");
            finetune.ExitCode.ShouldBe(0, finetune.Error);
            var row = JsonDocument.Parse(finetune.Output).RootElement.GetProperty("results")[0];
            row.GetProperty("weights").GetString().ShouldBe("pretrained");
            return row.GetProperty("predictions");
        }
    }

    [Theory]
    [InlineData(1, "can't be read", "inspect", "nothing.pth")]
    [InlineData(1, "not known here", "inspect", "tiny.yaml")]
    [InlineData(1, "not known here", "import", "tiny.yaml", "--out", "x.safetensors")]
    [InlineData(2, "ends in .safetensors", "import", "tiny.yaml", "--out", "x.pth")]
    [InlineData(2, "--frame-rate fast", "import", "tiny.yaml", "--out", "x.safetensors", "--frame-rate", "fast")]
    [InlineData(2, "--mean 1,2,x", "import", "tiny.yaml", "--out", "x.safetensors", "--mean", "1,2,x")]
    [InlineData(2, "neither a run's folder nor an encoder's file", "export", "nowhere", "--out", "x.pth")]
    public void Wrong_use_and_wrong_files_are_one_error(int code, string message, params string[] arguments)
    {
        var result = tiny.Duet(["weights", .. arguments]);
        result.ExitCode.ShouldBe(code);
        result.Error.ShouldContain(message);
        result.Error.TrimEnd().Split('\n').Length.ShouldBeLessThanOrEqualTo(2);
        result.Output.ShouldBeEmpty();
    }

    [Fact]
    public void A_run_of_two_encoders_asks_which()
    {
        var result = tiny.Duet("weights", "export", tiny.Run, "--out", "x.pth");
        result.ExitCode.ShouldBe(2);
        result.Error.ShouldContain("--modality video");
    }
}
