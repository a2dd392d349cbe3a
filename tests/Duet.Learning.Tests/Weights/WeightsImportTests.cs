using System.Text.Json;
using Duet.Data;
using Duet.Learning.Audio;
using Duet.Learning.Models;
using Duet.Learning.Tests.Models;
using Duet.Learning.Tests.Weights.PyTorch;
using Duet.Learning.Weights;
using Duet.Learning.Weights.PyTorch;
using Shouldly;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Weights;

public sealed class WeightsImportTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("duet-import-").FullName;

    public static TheoryData<string> Names => [.. EncoderRegistry.Names];

    private string Output => In("encoder.safetensors");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Checkpoints that PyTorch wrote, the older as a training leaves it, and PyTorch's output for the same clip.</summary>
    [Theory]
    [InlineData("zip", "", 0)]
    [InlineData("legacy", "state_dict.module.", 2)]
    public void PyTorchs_checkpoints_give_PyTorchs_outputs(string format, string prefix, int leftOver)
    {
        using var scope = NewDisposeScope();
        var file = CheckpointTests.Fixture($"network.{format}.pth");
        Should.Throw<UsageException>(() => WeightsImport.Run(file, Output, new ImportOptions())).Message.ShouldContain($"mc3_18 under '{prefix}', r3d_18 under"); // one network up to conv2
        var result = WeightsImport.Run(file, Output, new ImportOptions { Choice = new NetworkChoice { Network = "mc3_18" } });
        result.FileFormat.ShouldBe($"pytorch {format}");
        result.Prefix.ShouldBe(prefix);
        result.Matched.Count.ShouldBe(30);
        result.Missing.ShouldBeEmpty();
        result.LeftOver.Select(t => t.Name).ShouldBe(leftOver == 0 ? [] : ["state_dict.module.fc.weight", "state_dict.module.fc.bias"]);

        var (encoder, card) = EncoderFile.Load(Output);
        using (encoder)
        using (no_grad())
        {
            (card.Encoder.Name, card.Encoder.Width, card.Encoder.Stages).ShouldBe(("mc3_18", 0.125, 2));
            (card.Run, card.Method, card.Step, card.Clip.Frames, card.Clip.FrameRate, card.Clip.Size).ShouldBe(($"network.{format}.pth", "imported", 0L, 16, new Rational(15, 1), 112));
            card.Clip.Scales.ShouldBe([0.875]);
            card.Clip.Mean.ShouldBe([0.43216, 0.394666, 0.37645]);
            using var expected = JsonDocument.Parse(File.ReadAllBytes(CheckpointTests.Fixture("expected.json")));
            var output = encoder.forward(TorchvisionParityTests.Signal([2, 3, 4, 16, 16]));
            output.shape.ShouldBe(expected.RootElement.GetProperty("shape").EnumerateArray().Select(s => s.GetInt64()));
            TorchvisionParityTests.ShouldEqual(output, expected.RootElement.GetProperty("output"), 1e-4, format);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_network_goes_out_to_PyTorchs_format_and_back(string name)
    {
        using var scope = NewDisposeScope();
        using var encoder = EncoderBatteryTests.Narrow(name, seed: 3);
        encoder.forward(EncoderBatteryTests.Input(encoder.Modality, 2)); // moves the statistics
        var card = Card(encoder);
        EncoderFile.Save(In("first.safetensors"), encoder, card);
        var export = WeightsExport.Run(In("first.safetensors"), In("out.pth"));
        (export.FileFormat, export.Tensors).ShouldBe(("pytorch zip", encoder.state_dict().Count));

        var imported = WeightsImport.Run(In("out.pth"), Output, new ImportOptions { Like = card });
        imported.Card.Encoder.ShouldBe(encoder.Options);
        imported.LeftOver.ShouldBeEmpty();
        imported.Card.Clip.ShouldBe(card.Clip);
        (imported.Card.Spectrogram is null).ShouldBe(encoder.Modality == Modality.Video);
        var (loaded, _) = EncoderFile.Load(Output);
        using (loaded)
        {
            foreach (var (key, value) in loaded.state_dict())
            {
                value.equal(encoder.state_dict()[key]).all().ToBoolean().ShouldBeTrue(key);
            }
        }

        WeightsExport.Run(In("first.safetensors"), In("again.safetensors"));
        File.ReadAllBytes(In("again.safetensors")).ShouldBe(File.ReadAllBytes(In("first.safetensors")));
    }

    [Fact]
    public void What_is_missing_or_of_another_shape_is_listed_and_nothing_is_written()
    {
        using var scope = NewDisposeScope();
        var state = State("r2plus1d_18_xdc");
        state.Remove("stem.0.weight");
        state["layer1.0.conv1.1.weight"] = ones([3]);
        state["layer2.0.conv1.1.bias"] = zeros([32], dtype: ScalarType.Int32);
        state["head.weight"] = ones([2, 2]);
        var message = Should.Throw<WeightsException>(() => Import(state)).Message;
        message.ShouldContain("does not hold a whole r2plus1d_18_xdc");
        message.ShouldContain("missing: stem.0.weight");
        message.ShouldContain("layer1.0.conv1.1.weight is F32 [3], not F32 [16]");
        message.ShouldContain("layer2.0.conv1.1.bias is I32 [32], not F32 [32]");
        message.ShouldContain("left over: head.weight [2, 2]");
        File.Exists(Output).ShouldBeFalse();
    }

    [Fact]
    public void Middle_channels_tell_XDCs_network_from_torchvisions()
    {
        using var scope = NewDisposeScope();
        foreach (var (name, frames, size, rate) in new[] { ("r2plus1d_18", 16, 112, 15), ("r2plus1d_18_xdc", 32, 224, 30) })
        {
            var result = Import(State(name));
            (result.Card.Encoder.Name, result.Card.Clip.Frames, result.Card.Clip.Size, result.Card.Clip.FrameRate).ShouldBe((name, frames, size, new Rational(rate, 1)));
        }
    }

    [Fact]
    public void Counters_may_be_missing_and_other_types_are_converted()
    {
        using var scope = NewDisposeScope();
        var state = State("mc3_18");
        foreach (var counter in state.Keys.Where(k => k.EndsWith("num_batches_tracked", StringComparison.Ordinal)).ToList())
        {
            state.Remove(counter);
        }

        foreach (var key in state.Keys.ToList())
        {
            state[key] = state[key].to(ScalarType.Float16);
        }

        var result = Import(state);
        result.Missing.ShouldContain("stem.1.num_batches_tracked");
        result.Missing.Count.ShouldBe(20);
        result.Converted.ShouldBe(state.Count);
        var (loaded, _) = EncoderFile.Load(Output);
        using (loaded)
        {
            loaded.state_dict()["stem.0.weight"].equal(state["stem.0.weight"].to(ScalarType.Float32)).all().ToBoolean().ShouldBeTrue();
        }
    }

    [Fact]
    public void A_weight_that_is_not_finite_is_named()
    {
        using var scope = NewDisposeScope();
        var state = State("mc3_18");
        state["layer3.0.conv1.1.bias"] = full([64], float.NaN);
        Should.Throw<WeightsException>(() => Import(state)).Message.ShouldContain("'layer3.0.conv1.1.bias' of");
    }

    [Fact]
    public void A_prefix_ends_at_a_point()
    {
        using var scope = NewDisposeScope();
        var state = State("mc3_18").ToDictionary(t => "net_" + t.Key, t => t.Value);
        Should.Throw<WeightsException>(() => Import(state)).Message.ShouldNotContain("under 'net_'");
    }

    [Fact]
    public void A_variance_below_0_is_named()
    {
        using var scope = NewDisposeScope();
        var state = State("mc3_18");
        state["layer3.0.conv1.1.running_var"] = full([64], -1f);
        Should.Throw<WeightsException>(() => Import(state)).Message.ShouldContain("'layer3.0.conv1.1.running_var' of");
    }

    /// <summary>Sixty names, each of a network of a gigabyte, and no numbers.</summary>
    [Fact]
    public void A_network_that_the_file_does_not_hold_is_not_built()
    {
        using var scope = NewDisposeScope();
        var state = Enumerable.Range(1, 60).ToDictionary(i => string.Concat(Enumerable.Repeat("p.", i)) + "stem.0.weight", _ => empty([256, 0, 0, 0, 0]));
        state["layer4.1.conv2.1.weight"] = empty([0]);
        SafeTensors.Write(In("names.safetensors"), state);
        NetworkMatch.All(WeightsFile.Open(In("names.safetensors")).Tensors, new NetworkChoice()).ShouldBeEmpty();

        // One true convolution does not make it a network of twice the size.
        SafeTensors.Write(In("one.safetensors"), new Dictionary<string, Tensor> { ["stem.0.weight"] = zeros([256, 3, 3, 7, 7]), ["layer4.x"] = zeros([1]) });
        NetworkMatch.All(WeightsFile.Open(In("one.safetensors")).Tensors, new NetworkChoice()).ShouldBeEmpty();
    }

    [Fact]
    public void Two_networks_in_one_file_are_asked_about()
    {
        using var scope = NewDisposeScope();
        var state = State("mc3_18").SelectMany(t => new[] { KeyValuePair.Create("student." + t.Key, t.Value), KeyValuePair.Create("teacher." + t.Key, t.Value + 1) }).ToDictionary(StringComparer.Ordinal);
        var message = Should.Throw<UsageException>(() => Import(state)).Message;
        message.ShouldContain("mc3_18 under 'student.', mc3_18 under 'teacher.'");
        var result = Import(state, new ImportOptions { Choice = new NetworkChoice { Prefix = "teacher." } });
        result.Prefix.ShouldBe("teacher.");
        result.LeftOver.Count.ShouldBe(state.Count / 2);
        var (loaded, _) = EncoderFile.Load(Output);
        using (loaded)
        {
            loaded.state_dict()["stem.0.weight"].equal(state["teacher.stem.0.weight"]).all().ToBoolean().ShouldBeTrue();
        }
    }

    [Fact]
    public void Part_of_a_network_is_taken_where_that_is_asked()
    {
        using var scope = NewDisposeScope();
        var result = Import(State("mc3_18"), new ImportOptions { Choice = new NetworkChoice { Stages = 3 } });
        result.Card.Encoder.Stages.ShouldBe(3);
        result.LeftOver.ShouldAllBe(t => t.Name.StartsWith("layer3.", StringComparison.Ordinal) || t.Name.StartsWith("layer4.", StringComparison.Ordinal));
    }

    [Fact]
    public void A_sound_network_needs_a_card_to_follow()
    {
        using var scope = NewDisposeScope();
        Should.Throw<UsageException>(() => Import(State("resnet18_audio"))).Message.ShouldContain("--like");
        using var video = EncoderBatteryTests.Narrow("mc3_18");
        Should.Throw<UsageException>(() => Import(State("resnet18_audio"), new ImportOptions { Like = Card(video) })).Message.ShouldContain("--like");
    }

    [Fact]
    public void The_clip_is_the_publishers_where_nothing_else_is_said()
    {
        using var scope = NewDisposeScope();
        var options = new ImportOptions { Frames = 8, FrameRate = new Rational(25, 2), Size = 64, Crop = 1, Mean = [0, 0, 0], Std = [1, 1, 1], Method = "mine" };
        var card = Import(State("mc3_18"), options).Card;
        (card.Clip.Frames, card.Clip.FrameRate, card.Clip.Size, card.Method).ShouldBe((8, new Rational(25, 2), 64, "mine"));
        card.Clip.Mean.ShouldBe([0, 0, 0]);
        card.Clip.Std.ShouldBe([1, 1, 1]);
        card.Clip.Scales.ShouldBe([1.0]);
        Should.Throw<UsageException>(() => Import(State("mc3_18"), new ImportOptions { Frames = 0 })).Message.ShouldContain("0 frames");
        Should.Throw<UsageException>(() => Import(State("mc3_18"), new ImportOptions { Std = [1, 1] }));
    }

    [Fact]
    public void A_release_whose_bytes_are_not_its_own_is_refused()
    {
        using var scope = NewDisposeScope();
        PyTorchWriter.Write(In("r2plus1d_18_xdc_audioset-f29ffe8f.pth"), [.. State("r2plus1d_18_xdc")]);
        Should.Throw<WeightsException>(() => WeightsImport.Run(In("r2plus1d_18_xdc_audioset-f29ffe8f.pth"), Output, new ImportOptions())).Message.ShouldContain("not what its name says");
        KnownRelease.Of("x.pth", "f29ffe8f" + new string('0', 56))!.Name.ShouldBe("r2plus1d_18_xdc_audioset");
        KnownRelease.Of("r2plus1d_18_fs_kinetics-622bdad9.pth", "622bdad9" + new string('0', 56))!.Method.ShouldBe("supervised");
        KnownRelease.Of("r2plus1d_18_xdc_audioset.pth", new string('0', 64)).ShouldBeNull();
    }

    [Fact]
    public void Wrong_use_is_named()
    {
        using var scope = NewDisposeScope();
        Should.Throw<UsageException>(() => Import(new() { ["a"] = ones([1]) })).Message.ShouldContain("holds no network");
        Should.Throw<UsageException>(() => Import(State("mc3_18"), new ImportOptions { Choice = new NetworkChoice { Network = "mc4_18" } })).Message.ShouldContain("no network 'mc4_18'");
        Should.Throw<WeightsException>(() => Import(State("mc3_18"), new ImportOptions { Choice = new NetworkChoice { Network = "r3d_18" } })).Message.ShouldContain("whole r3d_18");
        Should.Throw<WeightsException>(() => Import(State("mc3_18"), new ImportOptions { Choice = new NetworkChoice { Width = 0.5 } })).Message.ShouldContain("of another shape");
        Should.Throw<UsageException>(() => WeightsExport.Run(In("encoder.safetensors"), In("x.onnx"))).Message.ShouldContain(".onnx");
        Should.Throw<WeightsException>(() => WeightsImport.Run(In("nothing.pth"), Output, new ImportOptions())).Message.ShouldContain("can't be read");
    }

    [Fact]
    public void An_inspection_reads_no_tensor()
    {
        using var scope = NewDisposeScope();
        PyTorchWriter.Write(In("file.pth"), [.. State("mc3_18")]);
        var bytes = File.ReadAllBytes(In("file.pth"));

        // Every number is destroyed, and nobody notices: only names, shapes and sizes were looked at.
        using (var stream = new MemoryStream(bytes))
        {
            foreach (var entry in StoredZip.Read(stream, "x").Where(e => e.Name.Contains("/data/", StringComparison.Ordinal)))
            {
                bytes.AsSpan((int)entry.Start, (int)entry.Length).Fill(0xff);
            }
        }

        File.WriteAllBytes(In("file.pth"), bytes);
        var found = WeightsInspection.Of(In("file.pth"));
        found.Bytes.ShouldBe(bytes.Length);
        found.Tensors.Count.ShouldBe(120);
        found.Elements.ShouldBe(found.Tensors.Sum(t => t.Shape.Aggregate(1L, (p, s) => p * s)));
        found.Networks.Single().Network.ShouldBe(new EncoderOptions { Name = "mc3_18", Width = 0.25 });
        Should.Throw<WeightsException>(() => WeightsImport.Run(In("file.pth"), Output, new ImportOptions())).Message.ShouldContain("checksum");
    }

    private ImportResult Import(Dictionary<string, Tensor> state, ImportOptions? options = null)
    {
        PyTorchWriter.Write(In("file.pth"), [.. state]);
        return WeightsImport.Run(In("file.pth"), Output, options ?? new ImportOptions());
    }

    private static Dictionary<string, Tensor> State(string name)
    {
        using var encoder = EncoderBatteryTests.Narrow(name);
        return encoder.state_dict().ToDictionary(t => t.Key, t => t.Value.detach().clone(), StringComparer.Ordinal);
    }

    private static PreprocessingCard Card(Encoder encoder) =>
        PreprocessingCard.Of(encoder, new() { Frames = 9, Size = 40 }, new LogMelOptions { Normalisation = SpectrogramNormalisation.None }, null, "run", "avts", 7);

    private string In(string name) => Path.Combine(folder, name);
}
