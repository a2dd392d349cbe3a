using Duet.Data.Clips;
using Duet.Data.Store;
using Duet.Learning.Audio;
using Duet.Learning.Evaluation;
using Duet.Learning.Models;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Evaluation;

public sealed class InferenceBatchTests
{
    private const long Gibibyte = 1L << 30;
    private static readonly StoredVideo Video = LevelStore.Video("v", 40);

    [Theory]
    [InlineData(1, Gibibyte, 64)] // at most
    [InlineData(Gibibyte, 1, 1)] // at least: a clip that does not fit is tried all the same
    [InlineData(Gibibyte / 16, Gibibyte, 16)]
    [InlineData((Gibibyte / 16) + 1, Gibibyte, 8)]
    public void As_many_clips_as_fit_a_power_of_two(long bytesPerClip, long room, int expected) => InferenceBatch.Fitting(bytesPerClip, room).ShouldBe(expected);

    [Fact]
    public void What_the_options_say_wins() => InferenceBatch.Of(5, [], Clip(8, 112), 112, null).ShouldBe(5);

    /// <summary>conv2 holds the largest maps of R(2+1)D: 64, 144 and 64 channels over 8 frames of 56x56.</summary>
    [Fact]
    public void A_clip_s_bytes_are_those_of_the_maps_that_are_alive_at_once()
    {
        using var video = Make("r2plus1d_18", Precision.Bf16);
        InferenceBatch.BytesPerClip([video], Clip(8, 112), 112, null).ShouldBe((3 * 8 * 112 * 112 * 5) + (2 * 8 * 56 * 56 * (144 + 64 + 144)));
        video.Precision = Precision.Fp32;
        InferenceBatch.BytesPerClip([video], Clip(8, 112), 112, null).ShouldBe((3 * 8 * 112 * 112 * 5) + (4 * 8 * 56 * 56 * (144 + 64 + 144)));
    }

    [Fact]
    public void Larger_clips_and_more_sounds_make_smaller_batches()
    {
        using var video = Make("r2plus1d_18", Precision.Bf16);
        using var audio = Make("resnet18_audio", Precision.Bf16);
        var spectrogram = new LogMelOptions();
        Encoder[] both = [video, audio];
        long[] bytes =
        [
            InferenceBatch.BytesPerClip([audio], Sound(1), 112, spectrogram),
            InferenceBatch.BytesPerClip([audio], Sound(3), 112, spectrogram),
            InferenceBatch.BytesPerClip(both, Clip(8, 112), 112, spectrogram),
            InferenceBatch.BytesPerClip(both, Clip(32, 224), 224, spectrogram),
        ];
        bytes.ShouldBe(bytes.Order());
        bytes[1].ShouldBe(3 * bytes[0]);
        InferenceBatch.Fitting(bytes[3], 512L << 20).ShouldBeLessThan(InferenceBatch.Fitting(bytes[2], 512L << 20));
    }

    private static Encoder Make(string name, Precision precision)
    {
        var encoder = EncoderRegistry.Create(new EncoderOptions { Name = name }, 1);
        encoder.Precision = precision;
        return encoder;
    }

    private static ClipRequest Clip(int frames, int size) =>
        new() { Video = Video, FirstFrame = 0, FrameCount = frames, Crop = new CropBox(0, 0, size, size, false), Audio = Windows(1) };

    private static ClipRequest Sound(int windows) => new() { Video = Video, FirstFrame = 0, FrameCount = 0, Crop = default, Audio = Windows(windows) };

    private static AudioWindow[] Windows(int count) => [.. Enumerable.Range(0, count).Select(_ => new AudioWindow(Video, 0, 16000, PairKind.Positive))];
}
