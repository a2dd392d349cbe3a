using Duet.Data.Scenes.Drawing;
using Duet.Data.Scenes.Sound;
using SkiaSharp;

namespace Duet.Data.Scenes;

/// <summary>One procedural video before encoding: its truth, its sound and its frames, a pure function of the options and its number.</summary>
internal sealed class Scene
{
    private readonly SceneSetOptions options;
    private readonly IAct act;
    private readonly Palette palette;

    public Scene(SceneSetOptions options, int index)
    {
        this.options = options;
        Index = index;
        Kind = SceneKinds.All[index % SceneKinds.All.Count];
        Name = $"{Kind.Name}-{index / SceneKinds.All.Count:0000}";
        palette = Palette.Draw(DiceFor("palette"));
        act = Kind.Stage(new SceneSetup(options.Seconds, options.SampleRate, DiceFor("act"), palette));
        Events = [.. act.Events.Where(e => e.Time >= 0 && e.Time < options.Seconds)];
    }

    public int Index { get; }

    public string Name { get; }

    public SceneKind Kind { get; }

    /// <summary>The events that the video contains.</summary>
    public IReadOnlyList<SceneEvent> Events { get; }

    public IReadOnlyDictionary<string, double> Parameters => act.Parameters;

    public int FrameCount => (int)Math.Round(options.Seconds * options.FrameRate);

    /// <summary>The sound is as long as the frames are shown.</summary>
    public int SampleCount => (int)Math.Round((double)FrameCount / options.FrameRate * options.SampleRate);

    /// <summary>The sound: mono PCM, without clipping.</summary>
    public short[] RenderSamples()
    {
        var track = new SoundTrack(options.SampleRate, SampleCount, DiceFor("sound"));
        act.Sound(track);
        new Room(DiceFor("room")).Apply(track);
        return Mix.Down(track, options, DiceFor("mix"));
    }

    /// <summary>All frames in order.</summary>
    /// <param name="show">Takes each frame: rows of B, G, R, X bytes without padding. The memory is used again for the next one.</param>
    public void RenderFrames(Action<ReadOnlyMemory<byte>> show)
    {
        var info = new SKImageInfo(options.Width, options.Height, SKColorType.Bgra8888, SKAlphaType.Opaque);
        using var bitmap = new SKBitmap(info);
        using var canvas = new SKCanvas(bitmap);
        using var brush = new Brush(canvas);
        using var backdrop = new Backdrop(options.Width, options.Height, palette, DiceFor("backdrop"));
        var camera = new Camera(options.CameraMotion, DiceFor("camera"));
        var aspect = (double)options.Width / options.Height;
        var crowd = DiceFor("bystanders");
        var bystanders = Enumerable.Range(0, crowd.Integer(0, options.Bystanders)).Select(_ => new Bystander(aspect, palette, crowd)).ToArray();
        var place = DiceFor("place");
        var scale = place.Uniform(0.72, 1.05);
        var x = place.Uniform(-0.17, 0.17) * aspect;
        var y = place.Uniform(-0.12, 0.12);
        var tilt = place.Uniform(-0.38, 0.38);
        var mirror = place.Sign();
        var narrow = Math.Min(1, aspect / (4.0 / 3));
        var frame = new byte[info.BytesSize];
        for (var i = 0; i < FrameCount; i++)
        {
            var time = (double)i / options.FrameRate;
            camera.Apply(canvas, options.Width, options.Height, time);
            backdrop.Draw(canvas);
            foreach (var bystander in bystanders)
            {
                bystander.Draw(brush, time);
            }

            brush.At(x, y, tilt, scale * narrow * mirror, scale * narrow, () => act.Draw(brush, time));
            camera.Light(canvas, time);
            canvas.Flush();
            bitmap.GetPixelSpan().CopyTo(frame);
            show(frame);
        }
    }

    private Dice DiceFor(string purpose) => new(options.Seed, Name, purpose);
}
