using Duet.Data.Scenes;
using Duet.Data.Scenes.Sound;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Scenes;

public sealed class SynthesisTests
{
    private const int Rate = 16000;

    public static TheoryData<string> Strokes => ["strike", "glide", "burst", "pluck"];

    [Theory]
    [MemberData(nameof(Strokes))]
    public void AStrokeBeginsAtItsSampleAndDiesAway(string stroke)
    {
        foreach (var time in new[] { 0, 0.25, 0.5 + (3.0 / Rate) })
        {
            var track = Track();
            Play(track, stroke, time);
            var first = Array.FindIndex(track.Samples, sample => sample != 0);
            first.ShouldBe(track.IndexOf(time));
            track.Samples.ShouldAllBe(sample => float.IsFinite(sample));

            var loud = Peak(track.From(time, 0.03));
            loud.ShouldBeInRange(0.2f, 5f);
            Peak(track.From(time + 0.29, 0.02)).ShouldBeLessThan(loud * 0.05f);
        }
    }

    [Theory]
    [MemberData(nameof(Strokes))]
    public void WhatBeganBeforeTheVideoIsStillHeardInIt(string stroke)
    {
        var track = Track();
        Play(track, stroke, -0.05);
        Peak(track.Audible[..200]).ShouldBeGreaterThan(0);
        Play(track, stroke, -5);
        Play(track, stroke, 5);
        track.Audible.Length.ShouldBe(Rate);
    }

    [Theory]
    [InlineData(220)]
    [InlineData(311.3)]
    [InlineData(700)]
    public void StringsAndBarsSoundAtTheirPitch(double pitch)
    {
        var plucked = Track();
        Synthesis.Pluck(plucked, 0, pitch, 0.9, 1, 0.3);
        Pitch(plucked.Audible[1600..6400], pitch).ShouldBe(pitch, pitch * 0.004);

        var struck = Track();
        Synthesis.Strike(struck, 0, pitch, 0.9, 1, [new Mode(1, 1, 1)]);
        Pitch(struck.Audible[..6400], pitch).ShouldBe(pitch, pitch * 0.004);
    }

    [Fact]
    public void TheRoomColoursButDoesNotDelay()
    {
        for (var seed = 0; seed < 5; seed++)
        {
            var track = Track();
            track.From(0.1, 0.001)[0] = 1;
            new Room(new Dice(seed, "room", "test")).Apply(track);
            Array.FindIndex(track.Samples, sample => Math.Abs(sample) > 0.05f).ShouldBe(track.IndexOf(0.1));
            Peak(track.From(0.95, 0.05)).ShouldBeLessThan(0.01f);
        }
    }

    [Fact]
    public void EveryBedHasUnitPower()
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var seed = 0; seed < 25; seed++)
        {
            var (name, samples) = Background.Bed(Rate, Rate, new Dice(seed, "bed", "test"));
            names.Add(name);
            Math.Sqrt(samples.Average(sample => (double)sample * sample)).ShouldBe(1, 1e-3);
        }

        names.Count.ShouldBe(5);
    }

    private static SoundTrack Track() => new(Rate, Rate, new Dice(1, "track", "test"));

    private static void Play(SoundTrack track, string stroke, double time)
    {
        switch (stroke)
        {
            case "strike":
                Synthesis.Strike(track, time, 400, 0.25, 1, [new Mode(1, 0.6, 1), new Mode(2.7, 0.4, 0.5)]);
                break;
            case "glide":
                Synthesis.Glide(track, time, 300, 600, 0.05, 0.25, 1);
                break;
            case "burst":
                Synthesis.Burst(track, time, 1500, 1, 0.25, 1);
                break;
            default:
                Synthesis.Pluck(track, time, 300, 0.25, 1, 0.5);
                break;
        }
    }

    private static float Peak(ReadOnlySpan<float> samples)
    {
        var peak = 0f;
        foreach (var sample in samples)
        {
            peak = Math.Max(peak, Math.Abs(sample));
        }

        return peak;
    }

    /// <summary>From the lag of the best autocorrelation within a fifth of the expected period, interpolated.</summary>
    private static double Pitch(ReadOnlySpan<float> samples, double expected)
    {
        var (low, high) = ((int)(Rate / expected * 0.8), (int)(Rate / expected * 1.2));
        var scores = new double[high + 2];
        for (var lag = low - 1; lag < scores.Length; lag++)
        {
            for (var i = 0; i + scores.Length < samples.Length; i++)
            {
                scores[lag] += samples[i] * samples[i + lag];
            }
        }

        var at = Enumerable.Range(low, high - low + 1).MaxBy(lag => scores[lag]);
        var (left, middle, right) = (scores[at - 1], scores[at], scores[at + 1]);
        return Rate / (at + (0.5 * (left - right) / (left - (2 * middle) + right)));
    }
}
