using System.Globalization;
using System.Text;
using Duet.Data.Files;

namespace Duet.Data.Media;

/// <summary>What to make of a file.</summary>
internal sealed record ConversionRequest
{
    public required string Path { get; init; }

    /// <summary>The pictures to convert; null for none.</summary>
    public required MediaStream? Video { get; init; }

    /// <summary>The sound to convert; null for none.</summary>
    public required MediaStream? Audio { get; init; }

    public required Rational FrameRate { get; init; }

    public required int Width { get; init; }

    public required int Height { get; init; }

    public required int SampleRate { get; init; }

    public required int JpegQuality { get; init; }

    /// <summary>ffmpeg's threads.</summary>
    public required int Threads { get; init; }

    /// <summary>Where the pictures go.</summary>
    public required Stream Frames { get; init; }

    /// <summary>Where the sound goes: raw 16-bit samples.</summary>
    public required string SamplesPath { get; init; }

    /// <summary>Most frames to take before the file's timestamps are taken for nonsense.</summary>
    public required int MaxFrames { get; init; }

    /// <summary>Most bytes of pictures to take.</summary>
    public required long MaxFrameBytes { get; init; }

    /// <summary>Most bytes of sound to take.</summary>
    public required long MaxSampleBytes { get; init; }

    /// <summary>What the file may cost.</summary>
    public required MediaLimits Limits { get; init; }

    /// <summary>Processor time that it may take.</summary>
    public required TimeSpan ProcessorTime { get; init; }

    /// <summary>Told how many frames are done, now and then.</summary>
    public Action<int>? OnFrames { get; init; }
}

/// <summary>What came of it.</summary>
/// <param name="FrameOffsets">Where each JPEG starts in the pictures file, without the copies of those that are to be held.</param>
/// <param name="FramesEnd">Where the last JPEG ends.</param>
/// <param name="SampleCount">Samples written.</param>
/// <param name="Log">What ffmpeg said.</param>
/// <param name="Failure">Why ffmpeg did not come to the file's end; null where it did.</param>
/// <param name="Limit">Which limit ended it, and how to raise it; null where none did.</param>
/// <param name="Refusal">Which limit ffmpeg met on the way, and how to raise it; it may not have mattered.</param>
internal sealed record Conversion(
    IReadOnlyList<long> FrameOffsets, long FramesEnd, long SampleCount, ConversionLog Log, string? Failure, string? Limit, string? Refusal)
{
    /// <summary>How many pictures there are, with the copies of those that are to be held.</summary>
    public int FrameCount => checked((int)(FrameOffsets.Count + Log.Held.Added(FrameOffsets.Count)));
}

/// <summary>
/// One ffmpeg per file: it decodes once and yields both JPEG frames (through a pipe) and PCM samples (into a file; through the pipe where there are
/// no frames, so that on every system it ends when this process does).
/// The first frame's and the first sample's times are those of the decoded data, not the container's word.
/// </summary>
internal static class Converter
{
    /// <summary>Mean difference of two frames, as a share of white, below which nothing moved.</summary>
    public const double StillNoise = 0.001;

    /// <summary>Shortest stretch without movement that counts as still, seconds.</summary>
    public const double StillSeconds = 1;

    /// <summary>Shortest hole in the sound or the pictures that may be a jump of the file's times, seconds. Encoders and recorders leave out shorter ones in pauses.</summary>
    public const int GapSeconds = 10;

    /// <summary>ffmpeg stops by itself at the end of what it may write, and after that it is stopped.</summary>
    private const int FileSlack = 1 << 20;

    /// <summary>ffmpeg's exit code after a signal. Its words alone are no proof: a file's own texts are printed between them.</summary>
    private const int AfterSignal = 255;

    /// <summary>Converts a file.</summary>
    /// <exception cref="RunawayException">More came out than was allowed.</exception>
    /// <exception cref="IOException">The disk is full.</exception>
    public static async Task<Conversion> RunAsync(MediaTools tools, ConversionRequest request, CancellationToken cancellationToken)
    {
        var log = new ConversionLog(request.Video?.Index ?? -1, request.Audio?.Index ?? -1, request.FrameRate.ToDouble(), request.SampleRate, GapSeconds);
        var limits = request.Limits.For(request.ProcessorTime, request.MaxSampleBytes + FileSlack);
        var splitter = new JpegSplitter();
        using var sound = request.Video is null ? new FileStream(request.SamplesPath, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0) : null;
        var runaway = false;
        var exit = await ChildProcess.RunAsync(
            tools.Ffmpeg,
            Arguments(request),
            bytes =>
            {
                if (runaway)
                {
                    return;
                }

                Take(bytes);
                if (splitter.Offsets.Count > request.MaxFrames || splitter.Position > request.MaxFrameBytes || sound?.Position > request.MaxSampleBytes)
                {
                    runaway = true;
                    throw new RunawayException();
                }
            },
            log.Add,
            limits,
            () => new FileInfo(request.SamplesPath) is { Exists: true } file ? file.Length : 0,
            cancellationToken).ConfigureAwait(false);
        if (log.Interrupted && exit is { ExitCode: AfterSignal, Limit: ChildLimit.None })
        {
            await ChildProcess.InterruptedAsync(tools.Ffmpeg, cancellationToken).ConfigureAwait(false);
        }

        var samples = new FileInfo(request.SamplesPath);
        var sampleBytes = samples.Exists ? samples.Length : 0;
        if (exit.Limit == ChildLimit.FileSize || sampleBytes >= request.MaxSampleBytes)
        {
            throw new RunawayException();
        }

        if (splitter.Offsets.Count + log.Held.Added(splitter.Offsets.Count) > request.MaxFrames)
        {
            throw new RunawayException { Hole = log.Held.Longest };
        }

        var silence = log.Silence.Added(sampleBytes / sizeof(short)) * sizeof(short);
        if (silence > 0)
        {
            if (sampleBytes + silence > request.MaxSampleBytes)
            {
                throw new RunawayException { Hole = log.Silence.Longest };
            }

            sound?.Dispose();
            SpoolFile.Rewrite(request.SamplesPath, (from, to) => log.Silence.Copy(from, to, cancellationToken));
            sampleBytes += silence;
        }

        var limit = request.Limits.Describe("ffmpeg", exit, limits);
        if (log.DiskFull)
        {
            ProveRoom(request.SamplesPath + ".room");
            limit = "ffmpeg said that the disk is full, and now it is not; ingest again";
        }

        var failure = exit.ExitCode != 0 ? log.FirstError ?? $"ffmpeg ended with code {exit.ExitCode}" : null;
        return new Conversion(splitter.Offsets, splitter.End, sampleBytes / 2, log, failure, limit, request.Limits.Describe("ffmpeg", log.Refusal));

        void Take(ReadOnlySpan<byte> bytes)
        {
            if (sound is not null)
            {
                sound.Write(bytes);
                return;
            }

            splitter.Append(bytes);
            request.Frames.Write(bytes);
            request.OnFrames?.Invoke(splitter.Offsets.Count);
        }
    }

    /// <summary>Whether the disk is full is asked of the disk: a file's own texts can be printed so that they look like ffmpeg's words.</summary>
    /// <exception cref="IOException">It is full.</exception>
    private static void ProveRoom(string path)
    {
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            BufferSize = 0,
            Options = FileOptions.DeleteOnClose,
        });
        file.Write(new byte[FileSlack]);
        file.Flush(flushToDisk: true);
    }

    internal static IEnumerable<string> Arguments(ConversionRequest request) =>
    [
        "-nostdin", "-hide_banner", "-nostats", "-loglevel", "repeat+level+verbose",
        // Several threads to one frame would paint over its damage in the order in which they come to it: the bytes would depend on their number, and on the moment.
        "-threads", Text(request.Threads), "-thread_type", "frame",
        // A change of resolution inside a stream must not restart the graph, and with it the clock; the scaler follows by itself.
        .. request.Video is { } pictures ? (string[])[$"-reinit_filter:{pictures.Index}", "0"] : [],
        .. Fence.Input(request.Path, request.Limits.MaxPixels),
        "-filter_complex_threads", "1",
        .. request.Video is { } video ? (string[])["-filter_complex", VideoGraph(request, video)] : [],
        .. request.Audio is { } audio ? (string[])["-filter_complex", AudioGraph(request, audio)] : [],
        .. request.Video is null ? (string[])[] :
        [
            "-map", "[pictures]", "-c:v", "mjpeg", "-threads:v", "1", "-q:v", Text(request.JpegQuality), "-flags:v", "+bitexact",
            "-flush_packets", "0", "-f", "mjpeg", "pipe:1", // a write per 32 kB, not one per small frame
        ],
        .. request.Audio is null ? (string[])[] :
        [
            "-map", "[sound]", "-c:a", "pcm_s16le", "-f", "s16le",
            .. request.Video is null
                ? (string[])["-flush_packets", "0", "pipe:1"]
                : ["-fs", request.MaxSampleBytes.ToString(CultureInfo.InvariantCulture), "-y", "file:" + request.SamplesPath],
        ],
    ];

    private static string VideoGraph(ConversionRequest request, MediaStream video)
    {
        var fps = $"fps={request.FrameRate}";

        // Untagged high definition is BT.709, as players assume; JPEG files are BT.601, full range.
        var matrix = video.ColourMatrix is null && (video.Width >= 1280 || video.Height > 576) ? "in_color_matrix=bt709:" : "";
        var size = $"{Text(request.Width)}:{Text(request.Height)}";

        // In two steps: a change of matrix goes through RGB, which is cheap only once the frames are small.
        var scale = $"scale={size},scale={size}:{matrix}out_color_matrix=bt601:out_range=pc,setsar=1,format=yuvj420p";
        var still = string.Create(CultureInfo.InvariantCulture, $"freezedetect=n={StillNoise}:d={StillSeconds}");
        var graph = new StringBuilder();

        // The first frame's time is printed on the way; the frame grid starts at that frame.
        graph.Append(CultureInfo.InvariantCulture, $"[0:{video.Index}]setpts='{HeldPictures.Times(request.FrameRate, PrintedTime.OfFrames)}',");
        graph.Append(video.FrameRate > request.FrameRate ? $"{fps},{scale},{still}" : $"{scale},{still},{fps}"); // fewer frames to scale
        return graph.Append("[pictures]").ToString();
    }

    private static string AudioGraph(ConversionRequest request, MediaStream audio) => string.Create(
        CultureInfo.InvariantCulture,
        $"[0:{audio.Index}]asettb=1/sr,asetpts='{LeftOutSilence.Times(PrintedTime.OfSamples)}',"
        // Gaps in the sound become silence and overlaps are cut, so that a sample's number is its time.
        + $"aresample={request.SampleRate}:async=1:min_hard_comp=0.03,aformat=sample_fmts=s16:channel_layouts=mono[sound]");

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>More came out of a file than its length allows.</summary>
internal sealed class RunawayException() : Exception("more came out of the file than its length allows")
{
    /// <summary>Where the times leave most out and how much, seconds; null where they leave little out or too much came out without that.</summary>
    public (double From, double Seconds)? Hole { get; init; }
}
