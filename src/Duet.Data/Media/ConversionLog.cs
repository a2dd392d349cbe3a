using System.Globalization;
using System.Text.RegularExpressions;

namespace Duet.Data.Media;

/// <summary>
/// What ffmpeg says on standard error while it converts: the first frame's and the first sample's exact time, packets read,
/// decoding errors, stretches in which the picture stands still.
/// </summary>
/// <param name="videoIndex">The pictures' stream; -1 for none.</param>
/// <param name="audioIndex">The sound's stream; -1 for none.</param>
/// <param name="frameRate">Pictures per second that come out.</param>
/// <param name="sampleRate">Samples per second that come out.</param>
/// <param name="leastGap">From how many seconds on a hole in the sound counts.</param>
internal sealed partial class ConversionLog(int videoIndex, int audioIndex, double frameRate, int sampleRate, int leastGap)
{
    /// <summary>Samples of silence that the resampler adds at once: a larger hole takes several steps.</summary>
    private const int GapStep = 16384;

    private readonly PrintedTime firstFrame = PrintedTime.Frames();
    private readonly PrintedTime firstSample = PrintedTime.Samples();
    private readonly List<(double From, double Length)> still = [];
    private double freezeStart = -1;
    private long gaps;
    private long gap;

    /// <summary>The first decoded frame's time on the file's clock, seconds.</summary>
    public Rational? FirstFrameTime => firstFrame.Time;

    /// <summary>The first decoded sample's time on the same clock, seconds.</summary>
    public Rational? FirstSampleTime => firstSample.Time;

    /// <summary>Packets of the video stream that the file held.</summary>
    public long VideoPackets { get; private set; }

    /// <summary>Packets of the audio stream that the file held.</summary>
    public long AudioPackets { get; private set; }

    /// <summary>Video packets that could not be decoded, and frames with damage that the decoder painted over.</summary>
    public long VideoErrors { get; private set; }

    /// <summary>Audio packets that could not be decoded.</summary>
    public long AudioErrors { get; private set; }

    /// <summary>Seconds of silence that the resampler made for sound which its times leave out, in holes that count.</summary>
    public double GapSeconds => Gaps / InputRate;

    /// <summary>Samples of sound, at the rate that was asked for, that were thrown away because its times had been there before.</summary>
    public long OverlappingSamples { get; private set; }

    /// <summary>Pictures to hold where the times leave many seconds out.</summary>
    public HeldPictures Held { get; } = new(frameRate);

    /// <summary>Silence to add where the sound's times leave a minute or more out.</summary>
    public LeftOutSilence Silence { get; } = new(sampleRate);

    /// <summary>The first line that ffmpeg marked as an error.</summary>
    public string? FirstError { get; private set; }

    /// <summary>A limit that ffmpeg met.</summary>
    public Refusal Refusal { get; private set; }

    /// <summary>Whether ffmpeg seems to say that it ran out of disk space.</summary>
    public bool DiskFull { get; private set; }

    /// <summary>Whether ffmpeg seems to say that it was asked to stop, as by Ctrl-C.</summary>
    public bool Interrupted { get; private set; }

    /// <summary>Seconds within a stretch of the pictures in which they stand still: nothing moves, or there is none for many seconds.</summary>
    /// <param name="from">Its begin, seconds from the first frame.</param>
    /// <param name="to">Its end.</param>
    public double StillSeconds(double from, double to)
    {
        var stretches = still.Select(s => (From: Held.TimeOf(s.From), To: Held.TimeOf(s.From + s.Length)))
            .Concat(Held.Stretches().Select(s => (s.From, To: s.From + s.Seconds)));
        if (freezeStart >= 0)
        {
            stretches = stretches.Append((Held.TimeOf(freezeStart), to)); // the last stretch may last to the end
        }

        var (seconds, reached) = (0.0, from);
        foreach (var (begin, end) in stretches.OrderBy(s => s.From))
        {
            seconds += Math.Max(0, Math.Min(end, to) - Math.Max(begin, reached));
            reached = Math.Max(reached, end);
        }

        return seconds;
    }

    /// <summary>Takes one line.</summary>
    /// <param name="line">
    /// ffmpeg's own lines begin with who speaks and how loud: <c>[Parsed_freezedetect_5 @ 0x55] [info] lavfi.freezedetect.freeze_start: 1.2</c>. What a file says about
    /// itself (its title, its comments) is printed too, but indented. A few of its texts, such as the name of an unknown codec, are printed as they are, line
    /// breaks included, and can pass for ffmpeg's: nothing that concerns other files may rest on a line alone.
    /// </param>
    public void Add(string line)
    {
        if (OwnLine().Match(line) is not { Success: true } own)
        {
            return;
        }

        var (speaker, level, text) = (own.Groups[1].Value, own.Groups[2].Value, own.Groups[3].Value);
        if (speaker.Contains("freezedetect", StringComparison.Ordinal))
        {
            Freeze(text);
        }
        else if (level is "error" or "fatal")
        {
            Error(line, text);
        }
        else if (speaker == "SWR")
        {
            Filled(text);
        }
        else if (speaker.Length == 0)
        {
            Unsigned(level, text);
        }
    }

    /// <summary>Samples per second of the file's sound, in which the resampler counts the silence that it makes; what it throws away it counts as it comes out.</summary>
    private double InputRate => firstSample.Unit is { Numerator: > 0 } unit ? 1 / unit.ToDouble() : sampleRate;

    private long Gaps => gaps + (gap >= leastGap * InputRate ? gap : 0);

    private void Unsigned(string level, string text)
    {
        var printed = level == firstFrame.Level ? firstFrame : level == firstSample.Level ? firstSample : null;
        if (printed?.Take(text) == true || (printed is not null && (printed == firstFrame ? Held.Take(text) : Silence.Take(text))))
        {
            return;
        }

        if (level == "verbose")
        {
            Packets(text);
        }

        Interrupted |= text.StartsWith("Exiting normally, received signal", StringComparison.Ordinal);
    }

    private void Freeze(string text)
    {
        if (FreezeValue().Match(text) is not { Success: true } match
            || !double.TryParse(match.Groups[2].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            || !double.IsFinite(value))
        {
            return;
        }

        switch (match.Groups[1].Value)
        {
            case "start":
                freezeStart = value;
                break;
            case "duration":
                still.Add((freezeStart, Math.Max(0, value)));
                freezeStart = -1;
                break;
            default:
                break;
        }
    }

    /// <summary>What the resampler does where the sound's times jump: a hole is filled step by step, the last and smaller one ends it; what comes twice is left out.</summary>
    private void Filled(string text)
    {
        if (AddedSilence().Match(text) is { Success: true } added && long.TryParse(added.Groups[1].Value, CultureInfo.InvariantCulture, out var silence))
        {
            gap += silence;
            if (silence < GapStep)
            {
                gaps = Gaps;
                gap = 0;
            }
        }
        else if (Discarded().Match(text) is { Success: true } discarded && long.TryParse(discarded.Groups[1].Value, CultureInfo.InvariantCulture, out var samples))
        {
            OverlappingSamples += samples;
        }
    }

    private void Packets(string text)
    {
        if (PacketsRead().Match(text) is { Success: true } match
            && int.TryParse(match.Groups[1].Value, CultureInfo.InvariantCulture, out var stream)
            && long.TryParse(match.Groups[2].Value, CultureInfo.InvariantCulture, out var packets))
        {
            if (stream == videoIndex)
            {
                VideoPackets = packets;
            }
            else if (stream == audioIndex)
            {
                AudioPackets = packets;
            }
        }
    }

    private void Error(string line, string text)
    {
        FirstError ??= Prober.Plain(line);
        Refusal = Refusal == Refusal.None ? Refusals.Of(text) : Refusal;
        DiskFull |= text.AsSpan().TrimEnd(" .)").EndsWith("No space left on device"); // at the end: a file's name may hold these words too
        if (DecodeError().Match(text) is { Success: true } match && int.TryParse(match.Groups[1].Value, CultureInfo.InvariantCulture, out var stream))
        {
            // ffmpeg 4 and 5 name the stream.
            Count(stream == audioIndex);
        }
        else if (NewDecodeError().Match(line) is { Success: true } newer)
        {
            // ffmpeg 6 and later name the decoder and its kind: "[vist#0:0/h264 @ ...] [dec:h264 @ ...] Error submitting packet to decoder".
            Count(newer.Groups[1].Value == "a");
        }
        else if (text.Contains("concealing", StringComparison.Ordinal))
        {
            VideoErrors++;
        }
    }

    private void Count(bool audio)
    {
        if (audio)
        {
            AudioErrors++;
        }
        else
        {
            VideoErrors++;
        }
    }

    [GeneratedRegex(@"^(?:\[([^\]@]+) @ [^\]]+\] )*\[([a-z]+)\] (.*)$", RegexOptions.CultureInvariant)]
    private static partial Regex OwnLine();

    [GeneratedRegex(@"^adding (\d+) audio samples of silence", RegexOptions.CultureInvariant)]
    private static partial Regex AddedSilence();

    [GeneratedRegex(@"^discarding (\d+) audio samples", RegexOptions.CultureInvariant)]
    private static partial Regex Discarded();

    [GeneratedRegex(@"freeze_(start|duration|end): (-?[\d.]+)", RegexOptions.CultureInvariant)]
    private static partial Regex FreezeValue();

    [GeneratedRegex(@"^ *Input stream #0:(\d+) \(\w+\): (\d+) packets read", RegexOptions.CultureInvariant)]
    private static partial Regex PacketsRead();

    [GeneratedRegex(@"^Error while decoding stream #0:(\d+)", RegexOptions.CultureInvariant)]
    private static partial Regex DecodeError();

    [GeneratedRegex(@"\[([va])ist#0:\d+.*Error (submitting|processing) packet", RegexOptions.CultureInvariant)]
    private static partial Regex NewDecodeError();
}
