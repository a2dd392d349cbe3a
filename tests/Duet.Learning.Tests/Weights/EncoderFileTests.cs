using Duet.Data;
using Duet.Data.Clips;
using Duet.Learning.Audio;
using Duet.Learning.Models;
using Duet.Learning.Tests.Models;
using Duet.Learning.Weights;
using Shouldly;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Weights;

public sealed class EncoderFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("duet-encoder-").FullName;

    public static TheoryData<string> Names => [.. EncoderRegistry.Names];

    private string Path => System.IO.Path.Combine(folder, "encoder.safetensors");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [MemberData(nameof(Names))]
    public void A_saved_encoder_loads_to_the_same_outputs_and_card(string name)
    {
        using var scope = NewDisposeScope();
        using var encoder = EncoderBatteryTests.Narrow(name, seed: 4);
        var input = EncoderBatteryTests.Input(encoder.Modality, 2);
        encoder.forward(input); // moves the running statistics off their start
        encoder.eval();
        var card = Card(encoder);
        EncoderFile.Save(Path, encoder, card);

        var (loaded, read) = EncoderFile.Load(Path);
        using (loaded)
        {
            read.ToJson().ShouldBe(card.ToJson());
            read.Clip.FrameRate.ShouldBe(new Rational(30000, 1001));
            (read.Spectrogram is null).ShouldBe(encoder.Modality == Modality.Video);
            loaded.training.ShouldBeFalse();
            loaded.forward(input).equal(encoder.forward(input)).all().ToBoolean().ShouldBeTrue();
        }
    }

    [Fact]
    public void Missing_unknown_and_misshapen_tensors_are_all_listed()
    {
        using var scope = NewDisposeScope();
        using var encoder = EncoderBatteryTests.Narrow("vgg_m");
        var state = encoder.state_dict();
        state.Remove("conv2.0.weight");
        state["conv9.0.weight"] = ones([2]);
        state["conv1.1.bias"] = ones([3]);
        SafeTensors.Write(Path, state, new Dictionary<string, string>(StringComparer.Ordinal) { ["duet.card"] = Card(encoder).ToJson() });
        var message = Should.Throw<WeightsException>(() => EncoderFile.Load(Path)).Message;
        message.ShouldContain("missing: conv2.0.weight");
        message.ShouldContain("unknown: conv9.0.weight");
        message.ShouldContain("conv1.1.bias (F32 [3], not F32 [16])");
    }

    [Theory]
    [InlineData("duet.encoder/1", "duet.encoder/2", "duet.encoder/1")]
    [InlineData("\"vgg_m\"", "\"vgg_n\"", "there is no network")]
    [InlineData("\"vgg_m\"", "\"mc3_18\"", "no network for Audio")]
    [InlineData("\"width\":0.25", "\"width\":1e9", "width")]
    [InlineData("\"step\":7", "\"step\":7,\"unknown\":1", "unknown")]
    [InlineData("\"mel_bins\":40", "\"mel_bins\":32", "do not fit")]
    [InlineData("\"run\":\"run-1\",", "", "run")]
    [InlineData("{", "", "can't be read")]
    public void A_card_that_can_not_be_followed_is_refused(string original, string changed, string message)
    {
        using var scope = NewDisposeScope();
        using var encoder = EncoderBatteryTests.Narrow("vgg_m");
        var json = Card(encoder).ToJson();
        var at = json.IndexOf(original, StringComparison.Ordinal);
        at.ShouldBeGreaterThanOrEqualTo(0, original);
        var damaged = json[..at] + changed + json[(at + original.Length)..];
        SafeTensors.Write(Path, encoder.state_dict(), new Dictionary<string, string>(StringComparer.Ordinal) { ["duet.card"] = damaged });
        Should.Throw<WeightsException>(() => EncoderFile.Load(Path)).Message.ShouldContain(message, Case.Insensitive);
    }

    [Fact]
    public void Tensors_without_a_card_and_a_card_of_another_encoder_are_refused()
    {
        using var scope = NewDisposeScope();
        using var encoder = EncoderBatteryTests.Narrow("vgg_m");
        SafeTensors.Write(Path, encoder.state_dict());
        Should.Throw<WeightsException>(() => EncoderFile.Load(Path)).Message.ShouldContain("no preprocessing card");
        using var other = EncoderBatteryTests.Narrow("mc2_18");
        Should.Throw<ArgumentException>(() => EncoderFile.Save(Path, other, Card(encoder)));
    }

    private static PreprocessingCard Card(Encoder encoder) => PreprocessingCard.Of(
        encoder,
        new ClipOptions { Frames = 8, FrameRate = new Rational(30000, 1001), Size = 56 },
        new LogMelOptions(),
        new SpectrogramStatistics { Mean = [.. Enumerable.Range(0, 40).Select(i => i / 3.0)], Std = [.. Enumerable.Repeat(0.1, 40)], Clips = 12 },
        "run-1",
        "avts",
        7);
}
