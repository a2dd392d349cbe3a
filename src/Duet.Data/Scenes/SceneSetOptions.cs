namespace Duet.Data.Scenes;

/// <summary>Which procedural videos to write, and how hard they are to understand. See docs/scenes.md.</summary>
public sealed record SceneSetOptions : IValidated
{
    /// <summary>How many videos. Kinds take turns, so every kind gets an equal share (to within one).</summary>
    public int Count { get; init; } = 360;

    /// <summary>Length of each video in seconds.</summary>
    public double Seconds { get; init; } = 6;

    /// <summary>Width in pixels. Pixels are square; an odd size is encoded with 4:4:4 colour, since 4:2:0 needs even sides.</summary>
    public int Width { get; init; } = 160;

    /// <summary>Height in pixels.</summary>
    public int Height { get; init; } = 120;

    /// <summary>Frames per second.</summary>
    public int FrameRate { get; init; } = 25;

    /// <summary>Samples per second of the mono sound; one of AAC's rates.</summary>
    public int SampleRate { get; init; } = 16000;

    /// <summary>Everything is a pure function of it and of the options here, except <see cref="Jobs"/>.</summary>
    public long Seed { get; init; }

    /// <summary>The share of each kind's videos whose split is <c>val</c>.</summary>
    public double ValidationShare { get; init; } = 0.15;

    /// <summary>The share of each kind's videos whose split is <c>test</c>.</summary>
    public double TestShare { get; init; } = 0.25;

    /// <summary>How many videos are drawn and encoded at once; 0 = as many as there are processors.</summary>
    public int Jobs { get; init; }

    /// <summary>Amplitude of the background noise: 1 = 10 to 26 dB below the action (RMS against its loudest 20 ms), 2 = 6 dB more, 0 = none.</summary>
    public double NoiseLevel { get; init; } = 1;

    /// <summary>Sounds of unseen things per second, on average; their level is 6 to 20 dB below the action's peak.</summary>
    public double StrangerSounds { get; init; } = 0.3;

    /// <summary>Silent moving objects in the picture: 0 to this many, drawn per video.</summary>
    public int Bystanders { get; init; } = 4;

    /// <summary>Reach of pan, zoom, shake, roll and of the drift of the light: 1 = hand-held, 0 = a tripod.</summary>
    public double CameraMotion { get; init; } = 1;

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        if (Count < 1)
        {
            yield return new(nameof(Count), "must be at least 1");
        }

        if (Seconds is not (>= 1 and <= 600))
        {
            yield return new(nameof(Seconds), "must lie between 1 and 600");
        }

        if (Width is < 16 or > 4096)
        {
            yield return new(nameof(Width), "must lie between 16 and 4096");
        }

        if (Height is < 16 or > 4096)
        {
            yield return new(nameof(Height), "must lie between 16 and 4096");
        }

        if (FrameRate is < 1 or > 120)
        {
            yield return new(nameof(FrameRate), "must lie between 1 and 120");
        }

        if (!SceneEncoder.SampleRates.Contains(SampleRate))
        {
            yield return new(nameof(SampleRate), $"must be one of AAC's rates: {string.Join(", ", SceneEncoder.SampleRates)}");
        }

        if (ValidationShare is not (>= 0 and <= 1))
        {
            yield return new(nameof(ValidationShare), "must lie between 0 and 1");
        }

        if (TestShare is not (>= 0 and <= 1) || ValidationShare + TestShare > 1)
        {
            yield return new(nameof(TestShare), "must lie between 0 and 1, and with the validation share make no more than 1");
        }

        if (Jobs < 0)
        {
            yield return new(nameof(Jobs), "must be 0 (all processors) or more");
        }

        if (NoiseLevel is not (>= 0 and <= 20))
        {
            yield return new(nameof(NoiseLevel), "must lie between 0 and 20");
        }

        if (StrangerSounds is not (>= 0 and <= 50))
        {
            yield return new(nameof(StrangerSounds), "must lie between 0 and 50 a second");
        }

        if (Bystanders is < 0 or > 50)
        {
            yield return new(nameof(Bystanders), "must lie between 0 and 50");
        }

        if (CameraMotion is not (>= 0 and <= 3))
        {
            yield return new(nameof(CameraMotion), "must lie between 0 and 3");
        }
    }
}
