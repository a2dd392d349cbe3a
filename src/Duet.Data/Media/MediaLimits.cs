using System.Globalization;

namespace Duet.Data.Media;

/// <summary>What one file from a stranger may cost, and what to say where it would cost more.</summary>
internal sealed record MediaLimits
{
    /// <summary>Processor time that every file is granted, and that probing may take.</summary>
    public static readonly TimeSpan LeastTime = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Beyond that, seconds for a byte: what decodes slowest is large frames that hardly change, 60 a second of 4K at 30 kbit/s, which take a slow core 0.25 ms per byte.
    /// </summary>
    private const double SecondsPerByte = 1e-3;

    /// <summary>The same per second that the file says it lasts: 8K in JPEG 2000 takes a core two minutes. The lesser of the two counts, for a length is only said.</summary>
    private const double SecondsPerSecond = 200;

    /// <summary>How long ffmpeg may make no progress.</summary>
    public required TimeSpan Stall { get; init; }

    /// <summary>Processor time for a file; null for a time by its size and length.</summary>
    public TimeSpan? ProcessorTime { get; init; }

    /// <summary>Memory for a file, MiB.</summary>
    public required int MemoryMegabytes { get; init; }

    /// <summary>Largest picture, millions of pixels.</summary>
    public required int FrameMegapixels { get; init; }

    /// <summary>Largest picture, pixels.</summary>
    public long MaxPixels => FrameMegapixels * 1_000_000L;

    /// <summary>Processor time for a file.</summary>
    /// <param name="bytes">Its size.</param>
    /// <param name="seconds">The length that it claims; 0 where it does not say.</param>
    public TimeSpan TimeFor(long bytes, double seconds)
    {
        if (ProcessorTime is { } time)
        {
            return time;
        }

        var byLength = seconds > 0 ? SecondsPerSecond * seconds : double.PositiveInfinity;
        return LeastTime + TimeSpan.FromSeconds(Math.Min(SecondsPerByte * bytes, byLength));
    }

    /// <summary>How many threads a decoder may have: each beyond the first keeps pictures of its own, for which there is half of the memory.</summary>
    /// <param name="wanted">As many as there are processors for.</param>
    /// <param name="pixels">A picture's size.</param>
    public int ThreadsFor(int wanted, long pixels)
    {
        const int bytesPerPixel = 8; // three planes of 16 bits, and the borders, vectors and tables beside them
        var more = ((long)MemoryMegabytes << 19) / (bytesPerPixel * Math.Max(1, pixels));
        return (int)Math.Min(wanted, 1 + more);
    }

    /// <summary>The limits of one process.</summary>
    /// <param name="time">Its processor time.</param>
    /// <param name="fileBytes">Longest file that it may write, bytes.</param>
    public ChildLimits For(TimeSpan time, long fileBytes) => new()
    {
        Stall = Stall,
        ProcessorTime = time,
        MemoryBytes = (long)MemoryMegabytes << 20,
        FileBytes = fileBytes,
    };

    /// <summary>Which limit ended a process, and what to do about it; null where none did.</summary>
    /// <param name="program">Which program.</param>
    /// <param name="exit">How it ended.</param>
    /// <param name="limits">Its limits.</param>
    public string? Describe(string program, ChildExit exit, ChildLimits limits) => exit.Limit switch
    {
        ChildLimit.Stall => Text($"{program} made no progress for {limits.Stall.TotalSeconds:0.#} s; wait longer with --stall-seconds"),
        ChildLimit.Time => Text($"{program} took more than {limits.ProcessorTime.TotalSeconds:0} s of processor time; allow more with --cpu-seconds"),
        ChildLimit.Memory => Describe(program, Refusal.Memory),
        ChildLimit.Killed => $"{program} was killed from outside, as a system does that runs out of memory; ingest again, with fewer --jobs",
        _ => null,
    };

    /// <summary>Which limit a program said that it met, and what to do about it; null where it met none.</summary>
    /// <param name="program">Which program.</param>
    /// <param name="refusal">What it said.</param>
    public string? Describe(string program, Refusal refusal) => refusal switch
    {
        Refusal.Memory => Text($"{program} wanted more than {MemoryMegabytes} MiB of memory; allow more with --memory-megabytes"),
        Refusal.Pixels => TooManyPixels,
        _ => null,
    };

    /// <summary>What to say of too large a picture.</summary>
    public string TooManyPixels => Text($"its pictures have more than {FrameMegapixels} million pixels; allow more with --frame-megapixels, and --memory-megabytes to go with it");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A limit that ffmpeg meets by itself and talks about.</summary>
internal enum Refusal
{
    /// <summary>None.</summary>
    None,

    /// <summary>There was no more memory.</summary>
    Memory,

    /// <summary>A picture was too large.</summary>
    Pixels,
}

/// <summary>Finds a <see cref="Refusal"/> in ffmpeg's words.</summary>
internal static class Refusals
{
    /// <summary>What decoders of MPEG-1 to -4 say: 12 is ENOMEM. They keep it to themselves, and ffmpeg goes on with the next frame.</summary>
    private const string NoBuffer = "get_buffer() failed (-12 ";

    /// <summary>What a line that ffmpeg marked as an error says of a limit.</summary>
    public static Refusal Of(ReadOnlySpan<char> error) =>
        error.TrimEnd(" .)").EndsWith("Cannot allocate memory") || error.StartsWith(NoBuffer) ? Refusal.Memory
        : error.Contains("exceeds specified max pixel count", StringComparison.Ordinal) ? Refusal.Pixels
        : Refusal.None;
}
