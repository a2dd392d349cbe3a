using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Duet.Data.Files;
using Duet.Data.Media;

namespace Duet.Data.Scenes;

/// <summary>Encodes one scene as H.264 and AAC in MP4, through an ffmpeg process: frames through its standard input, sound through a WAV file beside the target.</summary>
internal static class SceneEncoder
{
    public static readonly IReadOnlyList<int> SampleRates = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000];

    /// <summary>ENOSPC, which ffmpeg says in words and .NET as an <see cref="Exception.HResult"/>.</summary>
    private const int NoSpace = 28;

    /// <summary>Writes the video; the target appears only when it is complete.</summary>
    public static async Task WriteAsync(Scene scene, SceneSetOptions options, string target, CancellationToken cancellation)
    {
        var wav = target + ".partial.wav";
        var partial = target + ".partial";
        try
        {
            await File.WriteAllBytesAsync(wav, Wav(scene.RenderSamples(), options.SampleRate), cancellation);
            await EncodeAsync(scene, options, wav, partial, cancellation);
            File.Move(partial, target, overwrite: true);
        }
        finally
        {
            File.Delete(wav);
            File.Delete(partial);
        }
    }

    private static async Task EncodeAsync(Scene scene, SceneSetOptions options, string wav, string partial, CancellationToken cancellation)
    {
        using var process = Start(options, wav, partial);
        var errors = process.StandardError.ReadToEndAsync(cancellation);
        IOException? broken = null;
        try
        {
            try
            {
                var input = process.StandardInput.BaseStream;
                scene.RenderFrames(frame =>
                {
                    cancellation.ThrowIfCancellationRequested();
                    input.Write(frame.Span);
                });
                process.StandardInput.Close();
            }
            catch (IOException error)
            {
                // A broken pipe means that ffmpeg has ended early; what it said is the better message.
                broken = error;
            }

            await process.WaitForExitAsync(cancellation);
            var message = await errors;
            if (message.Contains("No space left on device", StringComparison.Ordinal))
            {
                // Whatever the exit code: ffmpeg 5 ends with 0 where only the end of the file found no room.
                throw FileWriteException.For(partial, new IOException(message, NoSpace));
            }

            if (process.ExitCode != 0 || broken is not null)
            {
                throw new DuetException($"ffmpeg could not encode {partial} (exit code {process.ExitCode}): {message.Trim().Split('\n')[^1]}. "
                    + "Check that ffmpeg has libx264 and aac.", broken);
            }
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                process.WaitForExit();
            }
        }
    }

    private static Process Start(SceneSetOptions options, string wav, string partial)
    {
        // 4:2:0 halves both sides of the colour planes, which odd sizes don't allow.
        var pixels = (options.Width | options.Height) % 2 == 0 ? "yuv420p" : "yuv444p";
        string[] arguments =
        [
            "-hide_banner", "-loglevel", "error", "-nostdin", "-y",
            "-f", "rawvideo", "-pixel_format", "bgr0", "-video_size", $"{options.Width}x{options.Height}",
            "-framerate", options.FrameRate.ToString(CultureInfo.InvariantCulture), "-i", "pipe:0", "-i", "file:" + wav,
            "-map", "0:v", "-map", "1:a", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-pix_fmt", pixels, "-threads", "1",
            "-g", (2 * options.FrameRate).ToString(CultureInfo.InvariantCulture),
            "-c:a", "aac", "-b:a", options.SampleRate >= 32000 ? "128k" : "64k",
            "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-movflags", "+faststart", "-f", "mp4", "file:" + partial,
        ];
        return Process.Start(ChildProcess.StartInfo(MediaTools.Locate("ffmpeg") ?? throw new MediaToolsMissingException("ffmpeg"), arguments))!;
    }

    private static byte[] Wav(short[] samples, int sampleRate)
    {
        byte[] bytes = [.. WavHeader.Build(sampleRate, samples.Length), .. new byte[2 * samples.Length]];
        for (var i = 0; i < samples.Length; i++)
        {
            BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(WavHeader.Length + (2 * i)), samples[i]);
        }

        return bytes;
    }
}
