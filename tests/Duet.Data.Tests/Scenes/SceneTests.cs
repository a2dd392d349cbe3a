using System.Security.Cryptography;
using Duet.Data.Scenes;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Scenes;

/// <summary>What is drawn and what is played, before any encoding.</summary>
public sealed class SceneTests
{
    private static readonly SceneSetOptions Small = new() { Count = 12, Seconds = 1, Width = 48, Height = 36, FrameRate = 10, Seed = 3 };

    /// <summary>Nothing but the action: no noise, no strangers, no bystanders, a tripod.</summary>
    private static readonly SceneSetOptions Bare = new()
    {
        Seconds = 4,
        Width = 64,
        Height = 48,
        FrameRate = 25,
        Seed = 5,
        NoiseLevel = 0,
        StrangerSounds = 0,
        Bystanders = 0,
        CameraMotion = 0,
    };

    public static TheoryData<int> Kinds => [.. Enumerable.Range(0, SceneKinds.All.Count)];

    [Fact]
    public void ThereAreAtLeastTwelveKindsWithNamesAndDescriptions()
    {
        SceneKinds.All.Count.ShouldBeGreaterThanOrEqualTo(12);
        SceneKinds.All.Select(kind => kind.Name).Distinct(StringComparer.Ordinal).Count().ShouldBe(SceneKinds.All.Count);
        SceneKinds.All.ShouldAllBe(kind => kind.Description.Length > 20 && kind.Description.EndsWith('.'));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void TheSameSeedGivesTheSameSoundAndFrames(int kind)
    {
        Fingerprint(new Scene(Small, kind)).ShouldBe(Fingerprint(new Scene(Small, kind)));
        Fingerprint(new Scene(Small with { Seed = 4 }, kind)).ShouldNotBe(Fingerprint(new Scene(Small, kind)));
        Fingerprint(new Scene(Small, kind + SceneKinds.All.Count)).ShouldNotBe(Fingerprint(new Scene(Small, kind)), "two videos of one kind");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void EveryKindRendersAtOddSizesWithoutClipping(int kind)
    {
        var options = Small with { Width = 37, Height = 53, SampleRate = 22050, FrameRate = 7, Seconds = 1.3 };
        var scene = new Scene(options, kind);
        var frames = Frames(scene);
        frames.Count.ShouldBe(9);
        frames.ShouldAllBe(frame => frame.Length == 37 * 53 * 4 && frame.Distinct().Count() > 8);

        // As long as its frames are shown, and from 12 to 1 dB below full scale.
        var samples = scene.RenderSamples();
        samples.Length.ShouldBe((int)Math.Round(9 / 7.0 * 22050));
        var peak = samples.Max(sample => Math.Abs((int)sample));
        peak.ShouldBeInRange(8000, 29300);
        scene.Events.ShouldAllBe(e => e.Time >= 0 && e.Time < 1.3 && e.Strength > 0 && e.Strength <= 1);
    }

    /// <summary>The loudness or the colour of the sound changes at events, more than at times that know nothing of them.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void TheSoundChangesAtEveryEvent(int kind)
    {
        var strokes = SceneKinds.All[kind].Name is not ("sweep" or "pendulum" or "disc" or "saw");
        var window = strokes ? 0.02 : 0.08;

        // A stroke is at its full strength at once and a whoosh breaks a silence; what follows a position changes most a moment after the move begins.
        var delay = SceneKinds.All[kind].Name is "sweep" or "disc" ? 0.08 : 0;
        var (right, anywhere, shifted) = (0.0, 0.0, 0.0);
        for (var take = 0; take < 3; take++)
        {
            var scene = new Scene(Bare, kind + (SceneKinds.All.Count * take));
            var samples = scene.RenderSamples();
            right += scene.Events.Average(e => Change(samples, e.Time + delay, window));
            anywhere += Enumerable.Range(0, 200).Average(i => Change(samples, i * 0.02, window));
            shifted += scene.Events.Average(e => 0.5 * (Change(samples, e.Time - 0.03, window) + Change(samples, e.Time + 0.03, window)));
        }

        right.ShouldBeGreaterThan((strokes ? 3 : 1.25) * anywhere);
        if (strokes)
        {
            right.ShouldBeGreaterThan(2 * shifted, "30 ms beside the event");
        }
    }

    /// <summary>More moves in the picture right after events than at times that know nothing of them.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void ThePictureMovesAtEveryEvent(int kind)
    {
        var (right, anywhere) = (0.0, 0.0);
        for (var take = 0; take < 3; take++)
        {
            var scene = new Scene(Bare, kind + (SceneKinds.All.Count * take));
            var frames = Frames(scene);
            var motion = frames.Skip(1).Zip(frames, Difference).ToArray();

            // From the last frame before the event to the third one after it.
            double After(int frame) => motion.Skip(Math.Max(0, frame)).Take(4).Max();
            right += scene.Events.Where(e => e.Time < 3.8).Average(e => After((int)Math.Ceiling(e.Time * 25) - 1));
            anywhere += Enumerable.Range(0, 95).Average(After);
        }

        right.ShouldBeGreaterThan(1.15 * anywhere);
    }

    [Fact]
    public void EventsAreIrregularAndNeverFarApart()
    {
        for (var index = 0; index < 5 * SceneKinds.All.Count; index++)
        {
            var scene = new Scene(Bare with { Seconds = 6 }, index);
            var gaps = scene.Events.Skip(1).Zip(scene.Events, (later, earlier) => later.Time - earlier.Time).ToArray();
            gaps.Average().ShouldBeInRange(0.1, 0.9, scene.Name);
            Math.Sqrt(gaps.Average(gap => Math.Pow(gap - gaps.Average(), 2))).ShouldBeGreaterThan(0.15 * gaps.Average(), scene.Name);
            scene.Events.Where((e, i) => i > 0 && e.Time <= scene.Events[i - 1].Time).ShouldBeEmpty();
        }
    }

    private static string Fingerprint(Scene scene)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(System.Runtime.InteropServices.MemoryMarshal.AsBytes<short>(scene.RenderSamples()));
        scene.RenderFrames(frame => hash.AppendData(frame.Span));
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static List<byte[]> Frames(Scene scene)
    {
        var frames = new List<byte[]>();
        scene.RenderFrames(frame => frames.Add(frame.ToArray()));
        return frames;
    }

    private static double Difference(byte[] later, byte[] earlier)
    {
        var sum = 0L;
        for (var i = 0; i < later.Length; i++)
        {
            sum += Math.Abs(later[i] - earlier[i]);
        }

        return (double)sum / later.Length;
    }

    /// <summary>How much the level, and the share of high frequencies, differ between the windows after and before a time; nepers.</summary>
    private static double Change(short[] samples, double time, double seconds)
    {
        var (levelAfter, colourAfter) = Describe(samples, time, seconds);
        var (levelBefore, colourBefore) = Describe(samples, time - seconds, seconds);
        return Math.Abs(levelAfter - levelBefore) + Math.Abs(colourAfter - colourBefore);
    }

    private static (double Level, double Colour) Describe(short[] samples, double from, double seconds)
    {
        var start = Math.Clamp((int)Math.Round(from * Bare.SampleRate), 1, samples.Length - 2);
        var end = Math.Clamp(start + (int)(seconds * Bare.SampleRate), start + 1, samples.Length);
        var (power, slope) = (100.0, 100.0);
        for (var i = start; i < end; i++)
        {
            power += Math.Pow(samples[i], 2) / (end - start);
            slope += Math.Pow(samples[i] - samples[i - 1], 2) / (end - start);
        }

        return (0.5 * Math.Log(power), 0.5 * Math.Log(slope / power));
    }
}
