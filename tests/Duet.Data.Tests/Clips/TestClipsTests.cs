using Duet.Data.Clips;
using Duet.Data.Store;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Clips;

public sealed class TestClipsTests
{
    private static readonly ClipOptions Clip = new() { Frames = 4, FrameRate = new Rational(25, 2), Size = 16, AudioSeconds = new Rational(1, 5) };

    [Theory]
    [InlineData(ClipContent.Frames, 3)]
    [InlineData(ClipContent.FramesAndSound, 3)]
    [InlineData(ClipContent.Sound, 3)]
    [InlineData(ClipContent.Frames, 1)]
    [InlineData(ClipContent.Sound, 1)]
    public void Dense_clips_are_all_that_fit_at_the_stride(ClipContent content, int stride)
    {
        var video = Video(40, 40 * 640);
        var clips = TestClips.Dense(video, Clip, content, stride);

        // Naively: every instant that is a multiple of the stride, kept where a clip from there on lies in the video.
        List<(long Frame, long Sample)> expected = [];
        for (var i = 0; i < 1000; i++)
        {
            var frame = (long)i * stride * 2; // two stored frames for each of the clip's
            var sample = content == ClipContent.Sound ? (long)i * stride * 16000 * 2 / 25 : 0;
            var fits = content == ClipContent.Sound ? sample + 3200 <= video.SampleCount : frame + (3 * 2) < video.FrameCount;
            if (fits)
            {
                expected.Add((content == ClipContent.Sound ? sample / 640 : frame, sample));
            }
        }

        if (content == ClipContent.FramesAndSound)
        {
            // The sound around the frames must fit too: the last 0.2 s of the video are enough, as the frames span 0.32 s.
            clips.ShouldAllBe(c => c.Audio.Single().FirstSample >= 0 && c.Audio.Single().FirstSample + 3200 <= video.SampleCount);
        }

        clips.Select(c => (long)c.FirstFrame).ShouldBe(expected.Select(e => e.Frame));
        clips.Select(c => c.Clip).ShouldBe(Enumerable.Range(0, clips.Count));
        clips.ShouldAllBe(c => !c.Crop.Flip && c.FrameCount == (content == ClipContent.Sound ? 0 : 4));
        if (content == ClipContent.Sound)
        {
            clips.Select(c => c.Audio.Single().FirstSample).ShouldBe(expected.Select(e => e.Sample));
        }
    }

    [Fact]
    public void Uniform_clips_are_no_more_than_there_are_different_ones()
    {
        TestClips.Uniform(Video(40, 0), Clip, ClipContent.Frames, 10).Select(c => c.FirstFrame).ShouldBe(UniformClips.FramesOnly(Video(40, 0), Clip, 10).Select(c => c.FirstFrame));
        TestClips.Uniform(Video(9, 0), Clip, ClipContent.Frames, 10).Select(c => c.FirstFrame).ShouldBe([0, 1, 2]);
        TestClips.Uniform(Video(0, 1000), Clip, ClipContent.Sound, 10).ShouldHaveSingleItem().Audio.Single().FirstSample.ShouldBe(-1100);
        TestClips.Dense(Video(0, 1000), Clip, ClipContent.Sound, 4).ShouldHaveSingleItem().Audio.Single().FirstSample.ShouldBe(-1100);
    }

    [Theory]
    [InlineData(6, 0, ClipContent.Frames)]
    [InlineData(0, 16000, ClipContent.Frames)]
    [InlineData(40, 0, ClipContent.Sound)]
    [InlineData(40, 0, ClipContent.FramesAndSound)]
    [InlineData(0, 16000, ClipContent.FramesAndSound)]
    public void A_video_that_serves_no_clip_gives_none(int frames, int samples, ClipContent content)
    {
        TestClips.Uniform(Video(frames, samples), Clip, content, 10).ShouldBeEmpty();
        TestClips.Dense(Video(frames, samples), Clip, content, 2).ShouldBeEmpty();
    }

    private static StoredVideo Video(int frames, long samples) => new()
    {
        Id = new string('a', 32),
        SourcePath = "a.mp4",
        FrameCount = frames,
        FrameRate = 25,
        Width = frames == 0 ? 0 : 32,
        Height = frames == 0 ? 0 : 24,
        SampleRate = 16000,
        SampleCount = samples,
        Shard = 0,
        JsonOffset = 0,
        JsonLength = 0,
        FramesOffset = 0,
        FramesLength = 0,
        SamplesOffset = 0,
    };
}
