using CsCheck;
using Duet.Data.Media;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Media;

public sealed class ClockAlignmentTests
{
    [Fact]
    public void Sound_that_starts_earlier_loses_its_head() =>
        ClockAlignment.Of(new Rational(-3, 10), 25, 16000, 100, 64000).ShouldBe(new ClockAlignment(0, 93, 0, 4800, 59200));

    [Fact]
    public void Sound_that_starts_a_little_later_gets_silence_before_it() =>
        ClockAlignment.Of(new Rational(1, 50), 25, 16000, 100, 80000).ShouldBe(new ClockAlignment(0, 100, 320, 0, 64000));

    [Fact]
    public void For_sound_that_starts_much_later_whole_frames_go() =>
        ClockAlignment.Of(new Rational(1, 2), 25, 16000, 100, 64000).ShouldBe(new ClockAlignment(13, 87, 0, 320, 55680));

    [Fact]
    public void Streams_that_do_not_overlap_leave_nothing() => ClockAlignment.Of(10, 25, 16000, 100, 64000).FrameCount.ShouldBe(0);

    [Fact]
    public void The_first_frame_and_the_first_sample_are_the_same_instant_to_half_a_sample()
    {
        Gen.Select(Gen.Int[-200_000, 200_000], Gen.Int[1, 60], Gen.Int[4000, 48000], Gen.Int[1, 2000], Gen.Long[1, 2_000_000]).Sample((skew, fps, rate, frames, samples) =>
        {
            var alignment = ClockAlignment.Of(new Rational(skew, 90_000), fps, rate, frames, samples);
            if (alignment.FrameCount == 0)
            {
                return true;
            }

            var frameTime = new Rational(alignment.FirstFrame, fps);
            var sampleTime = new Rational(skew, 90_000) + new Rational(alignment.FirstSample - alignment.LeadingSilence, rate);
            var apart = frameTime - sampleTime;
            var ends = new Rational(alignment.FrameCount, fps) - new Rational(alignment.SampleCount, rate);
            return apart <= new Rational(1, 2 * rate) && -apart <= new Rational(1, 2 * rate)
                && ends < new Rational(1, fps) && -ends < new Rational(1, rate)
                && alignment.FirstFrame + alignment.FrameCount <= frames
                && alignment.FirstSample + alignment.SampleCount - alignment.LeadingSilence <= samples;
        });
    }
}
