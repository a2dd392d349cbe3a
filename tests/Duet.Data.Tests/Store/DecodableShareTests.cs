using Duet.Data.Media;
using Duet.Data.Store;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Store;

public sealed class DecodableShareTests
{
    private static readonly MediaStream Video = new() { Index = 0, Kind = MediaKind.Video, DurationSeconds = 4 };
    private static readonly MediaStream Audio = new() { Index = 1, Kind = MediaKind.Audio, DurationSeconds = 4 };

    /// <summary>Of 100 packets with pictures and 200 with sound, for four seconds of each.</summary>
    [Theory]
    [InlineData(0, 0, 100, 4, 1)]
    [InlineData(40, 0, 100, 4, 0.6)] // frames are painted over damage: they are there, and are not what was filmed
    [InlineData(0, 20, 100, 4, 0.9)]
    [InlineData(40, 20, 100, 4, 0.6)] // the worse one
    [InlineData(500, 0, 100, 4, 0)] // a decoder may complain twice of one packet
    [InlineData(0, 0, 49, 4, 0.5)] // a frame's grace
    [InlineData(0, 0, 100, 2.9, 0.75)] // and a tenth of a second
    [InlineData(20, 0, 49, 4, 0.4)]
    public void Errors_and_what_is_missing_count(int videoErrors, int audioErrors, int frames, double seconds, double expected)
    {
        var log = new ConversionLog(Video.Index, Audio.Index, frameRate: 25, sampleRate: 16_000, leastGap: 10);
        log.Add("[verbose]   Input stream #0:0 (video): 100 packets read (2284 bytes); 25 frames decoded; ");
        log.Add("[verbose]   Input stream #0:1 (audio): 200 packets read (1841 bytes); 44 frames decoded (44608 samples); ");
        for (var i = 0; i < videoErrors + audioErrors; i++)
        {
            log.Add($"[error] Error while decoding stream #0:{(i < videoErrors ? 0 : 1)}: Invalid data found when processing input");
        }

        var probe = new MediaProbe { Format = "mov", DurationSeconds = 4, Streams = [Video, Audio] };
        var conversion = new Conversion([.. Enumerable.Range(0, frames)], frames, (long)(16000 * seconds), log, Failure: null, Limit: null, Refusal: null);
        DecodableShare.Of(probe, Video, Audio, log, new StoreSettings { FrameRate = 25, SampleRate = 16000 }, conversion).ShouldBe(expected, 1e-4);
    }
}
