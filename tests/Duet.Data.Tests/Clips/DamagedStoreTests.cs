using Duet.Data.Clips;
using Duet.Data.Store;
using Duet.Data.Tests.Store;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Clips;

/// <summary>A disk that fails after the ingest.</summary>
public sealed class DamagedStoreTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Clips_that_are_lost_keep_their_places_and_the_others_are_the_same_clips_with_the_same_bits()
    {
        TestVideos.Make(folder["v", "a.mp4"], seconds: 2);
        TestVideos.Make(folder["v", "b.mp4"], seconds: 2, sound: "sine=f=700:r=16000:d={0}");
        TestVideos.Make(folder["v", "c.mp4"], seconds: 2, sound: "sine=f=900:r=16000:d={0}");
        await StoreIngest.RunAsync(new IngestOptions { Source = folder["v"], Store = folder["s"] }, null, TestContext.Current.CancellationToken);
        var (before, _) = Epoch();

        StoredVideo bad;
        using (var store = VideoStore.Open(folder["s"]))
        {
            bad = store.Videos.Single(v => v.SourcePath == "b.mp4");
        }

        using (var shard = new FileStream(StoreLayout.Shard(folder["s"], bad.Shard), FileMode.Open))
        {
            shard.Position = bad.FramesOffset + (bad.FramesLength / 2);
            shard.Write(new byte[bad.FramesLength / 4]);
        }

        var (after, heard) = Epoch();
        after.Select(c => c.Id).ShouldBe(before.Select(c => c.Id));
        var lost = after.Index().Where(c => c.Item.Reason is not null).Select(c => c.Index).ToArray();
        lost.Length.ShouldBeInRange(1, before.Length / 2);
        foreach (var (i, clip) in after.Index())
        {
            if (clip.Reason is null)
            {
                clip.Frames.ShouldBe(before[i].Frames);
                clip.Samples.ShouldBe(before[i].Samples);
            }
            else
            {
                clip.Video.ShouldBe(bad.Id);
                clip.Frames.ShouldAllBe(b => b == 0);
                clip.Samples.ShouldAllBe(s => s == 0);
            }
        }

        // Told in the same order, once each, with what is needed to find the video.
        heard.ShouldBe(lost.Select(i => ("b.mp4", bad.Id, after[i].Reason!)));
    }

    private ((string Id, string Video, byte[] Frames, short[] Samples, string? Reason)[] Clips, List<(string Path, string Video, string Reason)> Heard) Epoch()
    {
        using var store = VideoStore.Open(folder["s"]);
        var options = new ClipOptions { Frames = 8, FrameRate = 25, Size = 24, AudioSeconds = new Rational(8, 25) };
        var requests = RandomClips.Epoch([.. store.Videos.OrderBy(v => v.Id, StringComparer.Ordinal)], options, 1, 0, 30);
        var heard = new List<(string, string, string)>();
        using var loader = new ClipLoader(store, options.Size, new ClipLoaderOptions { Workers = 3 }) { OnFailure = (request, failure) => heard.Add((request.Video.SourcePath, failure.VideoId, failure.Reason)) };
        var clips = new List<(string, string, byte[], short[], string?)>();
        foreach (var batch in loader.Load(requests, 7))
        {
            using (batch)
            {
                var reasons = batch.Failures.ToDictionary(f => f.Index, f => f.Reason);
                var (bytes, samples) = (batch.FramesPerClip * options.Size * options.Size * 3, batch.WindowsPerClip * batch.SamplesPerWindow);
                clips.AddRange(batch.Requests.Select((r, i) => (
                    r.SampleId, r.Video.Id, batch.Frames.AsSpan(i * bytes, bytes).ToArray(), batch.Samples.AsSpan(i * samples, samples).ToArray(), reasons.GetValueOrDefault(i))));
            }
        }

        return ([.. clips], heard);
    }
}
