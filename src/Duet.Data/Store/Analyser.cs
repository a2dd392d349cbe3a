using System.Runtime.InteropServices;
using Duet.Data.Media;

namespace Duet.Data.Store;

/// <summary>Probes, converts, aligns and measures one file; leaves what is worth storing in the spool folder.</summary>
/// <param name="tools">Where ffmpeg is.</param>
/// <param name="settings">The store's settings.</param>
/// <param name="limits">What is quarantined.</param>
/// <param name="spool">The spool folder.</param>
/// <param name="stall">How long ffmpeg may make no progress.</param>
internal sealed class Analyser(MediaTools tools, StoreSettings settings, QualityLimits limits, string spool, TimeSpan stall)
{
    /// <summary>Analyses a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="id">Its id.</param>
    /// <param name="threads">ffmpeg's threads.</param>
    /// <param name="onSeconds">Told how many seconds of video are converted, and how many there are (0 where not known).</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<Analysis> AnalyseAsync(string path, string id, int threads, Action<double, double> onSeconds, CancellationToken cancellationToken)
    {
        MediaProbe probe;
        try
        {
            probe = await Prober.ProbeAsync(tools, path, stall, cancellationToken).ConfigureAwait(false);
        }
        catch (MediaException e)
        {
            return new Analysis { Reason = QuarantineReason.Undecodable, Detail = e.Message };
        }

        var analysis = new Analysis { Probe = probe };
        if (probe.Video is not { } video)
        {
            return analysis with { Reason = QuarantineReason.NoVideo, Detail = "it has no stream of moving pictures" };
        }

        if (probe.Audio is not { } audio)
        {
            return analysis with { Reason = QuarantineReason.NoAudio, Detail = "it has no stream of sound" };
        }

        if (FrameGeometry.Fit(video, settings.ShortSide) is not { } size)
        {
            return analysis with { Reason = QuarantineReason.FrameSize, Detail = $"its pictures are {video.Width}x{video.Height} pixels" };
        }

        var frames = Path.Combine(spool, id + ".mjpg");
        var samples = Path.Combine(spool, id + ".pcm");
        var keep = false;
        try
        {
            analysis = await ConvertAsync(analysis, path, video, audio, size, frames, samples, threads, onSeconds, cancellationToken).ConfigureAwait(false);
            keep = analysis.Spooled is not null;
            return analysis;
        }
        finally
        {
            if (!keep)
            {
                File.Delete(frames);
                File.Delete(samples);
            }
        }
    }

    private async Task<Analysis> ConvertAsync(
        Analysis analysis,
        string path,
        MediaStream video,
        MediaStream audio,
        (int Width, int Height) size,
        string framesPath,
        string samplesPath,
        int threads,
        Action<double, double> onSeconds,
        CancellationToken cancellationToken)
    {
        var rate = settings.FrameRate.ToDouble();
        var declared = Math.Max(video.DurationSeconds ?? 0, analysis.Probe!.DurationSeconds ?? 0);
        var maxFrames = declared > 0 ? (int)Math.Min(StoreLayout.MaxFrames, ((1.5 * declared) + 60) * rate) : StoreLayout.MaxFrames;
        Conversion conversion;
        try
        {
            using var frames = new FileStream(framesPath, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
            conversion = await Converter.RunAsync(
                tools,
                new ConversionRequest
                {
                    Path = path,
                    Video = video,
                    Audio = audio,
                    FrameRate = settings.FrameRate,
                    Width = size.Width,
                    Height = size.Height,
                    SampleRate = settings.SampleRate,
                    JpegQuality = settings.JpegQuality,
                    Threads = threads,
                    Frames = frames,
                    SamplesPath = samplesPath,
                    MaxFrames = maxFrames,
                    MaxFrameBytes = StoreLayout.MaxEntry,
                    MaxSampleBytes = StoreLayout.MaxWav - 1024,
                    Stall = stall,
                    OnFrames = count => onSeconds(count / rate, declared),
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (RunawayException) when (maxFrames < StoreLayout.MaxFrames && new FileInfo(framesPath).Length <= StoreLayout.MaxEntry)
        {
            return analysis with { Reason = QuarantineReason.Damaged, Detail = $"its timestamps run far past its length of {declared:0.#} s" };
        }
        catch (RunawayException)
        {
            return analysis with { Reason = QuarantineReason.TooLong, Detail = "its pictures take more than 8 GB; cut it into parts" };
        }
        catch (FormatException e)
        {
            return analysis with { Reason = QuarantineReason.Undecodable, Detail = $"what ffmpeg made of it is no stream of JPEGs: {e.Message}" };
        }

        return Judge(analysis, video, audio, size, framesPath, samplesPath, conversion);
    }

    private Analysis Judge(
        Analysis analysis, MediaStream video, MediaStream audio, (int Width, int Height) size, string framesPath, string samplesPath, Conversion conversion)
    {
        var frameCount = conversion.FrameOffsets.Count;
        if (frameCount == 0 || conversion.SampleCount == 0)
        {
            var what = frameCount == 0 ? "no frame" : "no sound";
            return analysis with { Reason = QuarantineReason.Undecodable, Detail = $"{what} could be decoded: {conversion.Failure ?? conversion.Log.FirstError ?? "the stream is empty"}" };
        }

        if (conversion.Failure is { } failure)
        {
            return analysis with { Reason = QuarantineReason.Damaged, Detail = $"decoding stopped after {frameCount / settings.FrameRate.ToDouble():0.#} s: {failure}" };
        }

        if (conversion.Log is not { FirstFrameTime: { } firstFrame, FirstSampleTime: { } firstSample })
        {
            return analysis with { Reason = QuarantineReason.Undecodable, Detail = "its pictures or its sound have no times, so they can't be put on one clock" };
        }

        Rational skew;
        ClockAlignment alignment;
        try
        {
            skew = firstSample - firstFrame;
            alignment = ClockAlignment.Of(skew, settings.FrameRate, settings.SampleRate, frameCount, conversion.SampleCount);
        }
        catch (OverflowException)
        {
            return analysis with { Reason = QuarantineReason.Undecodable, Detail = "its pictures and its sound start impossibly far apart" };
        }

        var quality = Measure(analysis.Probe!, video, audio, samplesPath, conversion, alignment, skew);
        var verdict = limits.Judge(quality)
            ?? (alignment.FrameCount == 0 ? (QuarantineReason.TooShort, "its pictures and its sound do not overlap in time") : null);
        if (verdict is { } v)
        {
            return analysis with { Quality = quality, Reason = v.Item1, Detail = v.Item2 };
        }

        IReadOnlyList<long> offsets = [.. conversion.FrameOffsets, conversion.FramesEnd];
        return analysis with { Quality = quality, Spooled = new SpooledVideo(framesPath, samplesPath, offsets, alignment, size.Width, size.Height) };
    }

    private VideoQuality Measure(
        MediaProbe probe, MediaStream video, MediaStream audio, string samplesPath, Conversion conversion, ClockAlignment alignment, Rational skew)
    {
        var meter = new LoudnessMeter(settings.SampleRate, settings.SilenceDb);
        using (var samples = new FileStream(samplesPath, FileMode.Open, FileAccess.Read))
        {
            samples.Position = 2 * alignment.FirstSample;
            var buffer = new short[1 << 16];
            for (var left = alignment.SampleCount - alignment.LeadingSilence; left > 0;)
            {
                var piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, left));
                samples.ReadExactly(MemoryMarshal.AsBytes(piece));
                meter.Add(piece);
                left -= piece.Length;
            }
        }

        var log = conversion.Log;
        var rate = settings.FrameRate.ToDouble();
        var pictures = conversion.FrameOffsets.Count / rate;
        var sound = (double)conversion.SampleCount / settings.SampleRate;
        var still = log.StillSeconds + (log.StillToTheEndFrom is { } from ? Math.Max(0, pictures - from) : 0);
        return new VideoQuality
        {
            DecodableShare = DecodableShare(probe, video, audio, log, pictures + (1 / rate), sound + 0.1),
            AudioRmsDb = Math.Round(meter.RmsDb, 2),
            SilentShare = Math.Round(meter.SilentShare, 4),
            StillShare = Math.Round(Math.Min(1, still / pictures), 4),
            StartSkewSeconds = skew.ToDouble(),
            Seconds = Math.Min(alignment.FrameCount / rate, (double)alignment.SampleCount / settings.SampleRate),
        };
    }

    /// <summary>The decoded share of what the streams' headers promise (lengths are given with a grace of a frame), less the packets with errors.</summary>
    private static double DecodableShare(MediaProbe probe, MediaStream video, MediaStream audio, ConversionLog log, double pictures, double sound)
    {
        var covered = 1.0;
        if (video.DurationSeconds is null && audio.DurationSeconds is null && probe.DurationSeconds is { } whole && probe.Streams.Count == 2)
        {
            // Matroska often knows only where the last stream ends.
            covered = Math.Max(pictures + Math.Max(0, video.StartSeconds ?? 0), sound + Math.Max(0, audio.StartSeconds ?? 0)) / whole;
        }
        else
        {
            covered = Math.Min(
                video.DurationSeconds is { } v ? pictures / v : 1,
                audio.DurationSeconds is { } a ? sound / a : 1);
        }

        var clean = 1 - Math.Max(Share(log.VideoErrors, log.VideoPackets), Share(log.AudioErrors, log.AudioPackets));
        return Math.Round(Math.Clamp(covered, 0, 1) * clean, 4);

        static double Share(long errors, long packets) => errors == 0 ? 0 : Math.Min(1, (double)errors / Math.Max(packets, errors));
    }
}
