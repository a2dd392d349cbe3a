using System.Runtime.InteropServices;
using Duet.Data.Files;
using Duet.Data.Media;

namespace Duet.Data.Store;

/// <summary>Probes, converts, aligns and measures one file; leaves what is worth storing in the spool folder.</summary>
/// <param name="tools">Where ffmpeg is.</param>
/// <param name="settings">The store's settings.</param>
/// <param name="limits">What is quarantined.</param>
/// <param name="spool">The spool folder.</param>
/// <param name="cost">What a file may cost.</param>
internal sealed class Analyser(MediaTools tools, StoreSettings settings, QualityLimits limits, string spool, MediaLimits cost)
{
    private const string TooMuch = "it has more than 4 million frames, its pictures would take more than 8 GB, or its sound more than 4 GB; cut it into parts";

    /// <summary>Analyses a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="id">Its id.</param>
    /// <param name="threads">ffmpeg's threads.</param>
    /// <param name="onSeconds">Told how many seconds of video are converted, and how many there are (0 where not known).</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<Analysis> AnalyseAsync(string path, string id, int threads, Action<double, double> onSeconds, CancellationToken cancellationToken)
    {
        using var plain = PlainName.TryFor(path, spool, id);
        if (plain is null)
        {
            return new Analysis
            {
                Reason = QuarantineReason.Unreadable,
                Detail = "its name holds a line break or another control character, and the store's disk keeps no links, through which such files are opened; rename it",
            };
        }

        path = plain.Path;
        MediaProbe probe;
        try
        {
            probe = await Prober.ProbeAsync(tools, path, cost, cancellationToken).ConfigureAwait(false);
        }
        catch (MediaLimitException e)
        {
            return new Analysis { Reason = QuarantineReason.Limit, Detail = e.Message };
        }
        catch (MediaException e)
        {
            return new Analysis { Reason = QuarantineReason.Undecodable, Detail = e.Message };
        }

        var analysis = new Analysis { Probe = probe };
        var video = settings.Streams == StoreStreams.Audio ? null : probe.Video;
        var audio = settings.Streams == StoreStreams.Video ? null : probe.Audio;
        if (video is null && settings.Streams is StoreStreams.Both or StoreStreams.Video)
        {
            if (probe.Streams.Any(s => s is { Kind: MediaKind.Video, IsPicture: false }))
            {
                return analysis with { Reason = QuarantineReason.Undecodable, Detail = "nothing of its pictures can be decoded: their codec or size is not known" };
            }

            return analysis with { Reason = QuarantineReason.NoVideo, Detail = $"it has no stream of moving pictures (read as {probe.Format})" };
        }

        if (audio is null && settings.Streams is StoreStreams.Both or StoreStreams.Audio)
        {
            if (probe.Streams.Any(s => s.Kind == MediaKind.Audio))
            {
                return analysis with { Reason = QuarantineReason.Undecodable, Detail = "nothing of its sound can be decoded: its codec is not known" };
            }

            return analysis with { Reason = QuarantineReason.NoAudio, Detail = $"it has no stream of sound (read as {probe.Format})" };
        }

        if (video is null && audio is null)
        {
            return analysis with { Reason = QuarantineReason.NoVideo, Detail = "it has neither moving pictures nor sound" };
        }

        var size = video is null ? null : FrameGeometry.Fit(video, settings.ShortSide);
        if (video is not null && size is null)
        {
            return analysis with { Reason = QuarantineReason.FrameSize, Detail = $"its pictures are {video.Width}x{video.Height} pixels" };
        }

        if (video is not null && (long)video.Width * video.Height > cost.MaxPixels)
        {
            return analysis with { Reason = QuarantineReason.Limit, Detail = cost.TooManyPixels };
        }

        var frames = Path.Combine(spool, id + ".mjpg");
        var samples = Path.Combine(spool, id + ".pcm");
        var keep = false;
        try
        {
            analysis = await ConvertAsync(analysis, path, new Chosen(video, audio, size), frames, samples, threads, onSeconds, cancellationToken).ConfigureAwait(false);
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
        Chosen chosen,
        string framesPath,
        string samplesPath,
        int threads,
        Action<double, double> onSeconds,
        CancellationToken cancellationToken)
    {
        var rate = settings.FrameRate.ToDouble();
        var declared = DecodableShare.DeclaresLength(analysis.Probe!) ? Math.Max(chosen.Video?.DurationSeconds ?? 0, analysis.Probe!.DurationSeconds ?? 0) : 0;
        var longest = declared > 0 ? (1.5 * declared) + 60 : double.PositiveInfinity; // gaps in the sound become silence, however long they claim to be
        var maxFrames = (int)Math.Min(StoreLayout.MaxFrames, longest * rate);
        const long maxWav = StoreLayout.MaxWav - 1024;
        var maxSampleBytes = (long)Math.Min(maxWav, longest * settings.SampleRate * sizeof(short));
        Conversion conversion;
        try
        {
            using var frames = new FileStream(framesPath, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
            conversion = await Converter.RunAsync(
                tools,
                new ConversionRequest
                {
                    Path = path,
                    Video = chosen.Video,
                    Audio = chosen.Audio,
                    FrameRate = settings.FrameRate,
                    Width = chosen.Size?.Width ?? 0,
                    Height = chosen.Size?.Height ?? 0,
                    SampleRate = settings.SampleRate,
                    JpegQuality = settings.JpegQuality,
                    Threads = cost.ThreadsFor(threads, (long)(chosen.Video?.Width ?? 0) * (chosen.Video?.Height ?? 0)),
                    Frames = frames,
                    SamplesPath = samplesPath,
                    MaxFrames = maxFrames,
                    MaxFrameBytes = StoreLayout.MaxEntry,
                    MaxSampleBytes = maxSampleBytes,
                    Limits = cost,
                    ProcessorTime = cost.TimeFor(FileStamp.Of(path).Size, declared),
                    OnFrames = count => onSeconds(count / rate, declared),
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (RunawayException) when (maxFrames < StoreLayout.MaxFrames && new FileInfo(framesPath).Length <= StoreLayout.MaxEntry && Length(samplesPath) < maxWav)
        {
            return analysis with { Reason = QuarantineReason.Damaged, Detail = $"its timestamps run far past its length of {declared:0.#} s" };
        }
        catch (RunawayException e) when (e.Hole is { Seconds: >= 3600 } hole)
        {
            return analysis with
            {
                Reason = QuarantineReason.Damaged,
                Detail = $"after {hole.From:0.#} s its timestamps leave out {hole.Seconds / 3600:0.#} hours, and all of it would be longer than a store can hold; if nothing was recorded in between, cut it there",
            };
        }
        catch (RunawayException)
        {
            return analysis with { Reason = QuarantineReason.TooLong, Detail = TooMuch };
        }
        catch (FormatException e)
        {
            return analysis with { Reason = QuarantineReason.Undecodable, Detail = $"what ffmpeg made of it is no stream of JPEGs: {e.Message}" };
        }

        var judged = Judge(analysis, chosen, framesPath, samplesPath, conversion, cancellationToken);
        return conversion.Refusal is { } refusal && judged.Reason is (QuarantineReason.Undecodable or QuarantineReason.Damaged)
            ? analysis with { Reason = QuarantineReason.Limit, Detail = refusal }
            : judged;
    }

    private Analysis Judge(Analysis analysis, Chosen chosen, string framesPath, string samplesPath, Conversion conversion, CancellationToken cancellationToken)
    {
        var (pictures, sound) = (chosen.Video is not null, chosen.Audio is not null);
        var frameCount = conversion.FrameCount;
        if (conversion.Limit is { } limit)
        {
            return analysis with { Reason = QuarantineReason.Limit, Detail = limit };
        }

        if ((pictures && frameCount == 0) || (sound && conversion.SampleCount == 0))
        {
            var what = pictures && frameCount == 0 ? "no frame" : "no sound";
            return analysis with { Reason = QuarantineReason.Undecodable, Detail = $"{what} could be decoded: {conversion.Failure ?? conversion.Log.FirstError ?? "the stream is empty"}" };
        }

        if (conversion.Failure is { } failure)
        {
            var seconds = pictures ? frameCount / settings.FrameRate.ToDouble() : (double)conversion.SampleCount / settings.SampleRate;
            return analysis with { Reason = QuarantineReason.Damaged, Detail = $"decoding stopped after {seconds:0.#} s: {failure}" };
        }

        Rational? skew = null;
        ClockAlignment alignment;
        if (!pictures || !sound)
        {
            alignment = new ClockAlignment(0, frameCount, 0, 0, conversion.SampleCount);
        }
        else if (conversion.Log is not { FirstFrameTime: { } firstFrame, FirstSampleTime: { } firstSample })
        {
            return analysis with { Reason = QuarantineReason.Undecodable, Detail = "its pictures or its sound have no times, so they can't be put on one clock" };
        }
        else
        {
            try
            {
                skew = firstSample - firstFrame;
                alignment = ClockAlignment.Of(skew.Value, settings.FrameRate, settings.SampleRate, frameCount, conversion.SampleCount);
            }
            catch (OverflowException)
            {
                return analysis with { Reason = QuarantineReason.Undecodable, Detail = "its pictures and its sound start impossibly far apart" };
            }
        }

        var quality = Measure(analysis.Probe!, chosen, samplesPath, conversion, alignment, skew);
        var verdict = limits.Judge(quality)
            ?? (alignment is { FrameCount: 0, SampleCount: 0 } ? (QuarantineReason.TooShort, "its pictures and its sound do not overlap in time") : null);
        if (verdict is { } v)
        {
            return analysis with { Quality = quality, Reason = v.Item1, Detail = v.Item2 };
        }

        IReadOnlyList<long> offsets = [.. conversion.FrameOffsets, conversion.FramesEnd];
        if (conversion.Log.Held.Within(alignment))
        {
            var order = conversion.Log.Held.Order(conversion.FrameOffsets.Count, alignment);
            if (order.Sum(i => offsets[i + 1] - offsets[i]) > StoreLayout.MaxEntry)
            {
                return analysis with { Quality = quality, Reason = QuarantineReason.TooLong, Detail = TooMuch };
            }

            SpoolFile.Rewrite(framesPath, (from, to) => offsets = HeldPictures.Copy(from, offsets, order, to, cancellationToken));
            alignment = alignment with { FirstFrame = 0 };
        }

        return analysis with { Quality = quality, Spooled = new SpooledVideo(framesPath, samplesPath, offsets, alignment, chosen.Size) };
    }

    private VideoQuality Measure(MediaProbe probe, Chosen chosen, string samplesPath, Conversion conversion, ClockAlignment alignment, Rational? skew)
    {
        var log = conversion.Log;
        var rate = settings.FrameRate.ToDouble();
        var meter = chosen.Audio is null ? null : Loudness(samplesPath, alignment);
        var storedPictures = alignment.FrameCount / rate;
        var firstPicture = alignment.FirstFrame / rate;
        var still = log.StillSeconds(firstPicture, firstPicture + storedPictures);
        var storedSound = (double)alignment.SampleCount / settings.SampleRate;
        return new VideoQuality
        {
            DecodableShare = DecodableShare.Of(probe, chosen.Video, chosen.Audio, log, settings, conversion),
            AudioRmsDb = meter is null ? null : Math.Round(meter.RmsDb, 2),
            SilentShare = meter is null ? null : Math.Round(meter.SilentShare, 4),
            StillShare = chosen.Video is null ? null : storedPictures > 0 ? Math.Round(Math.Min(1, still / storedPictures), 4) : 0,
            StartSkewSeconds = skew?.ToDouble(),
            Seconds = chosen.Video is null ? storedSound : chosen.Audio is null ? storedPictures : Math.Min(storedPictures, storedSound),
        };
    }

    private static long Length(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    private LoudnessMeter Loudness(string samplesPath, ClockAlignment alignment)
    {
        var meter = new LoudnessMeter(settings.SampleRate, settings.SilenceDb);
        using var samples = new FileStream(samplesPath, FileMode.Open, FileAccess.Read);
        samples.Position = 2 * alignment.FirstSample;
        var buffer = new short[1 << 16];
        for (var left = alignment.SampleCount - alignment.LeadingSilence; left > 0;)
        {
            var piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, left));
            samples.ReadExactly(MemoryMarshal.AsBytes(piece));
            meter.Add(piece);
            left -= piece.Length;
        }

        return meter;
    }

    /// <summary>What of a file is converted.</summary>
    private sealed record Chosen(MediaStream? Video, MediaStream? Audio, (int Width, int Height)? Size);
}
