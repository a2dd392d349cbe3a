using Duet.Data.Clips;
using Duet.Data.Store;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Clips;

public sealed class ClipPartsTests
{
    private static readonly ClipOptions Clip = new() { Frames = 25, AudioSeconds = 1 };

    [Theory]
    [InlineData(ClipContent.FramesAndSound)]
    [InlineData(ClipContent.Frames)]
    [InlineData(ClipContent.Sound)]
    public void Parts_cover_every_start_once_and_random_windows_stay_in_their_part(ClipContent content)
    {
        var parts = ClipParts.Of([.. MemoryStore.Videos(5), MemoryStore.Video("tiny", 9, samples: 0)], Clip, 4, content);
        (parts.Count, parts.VideoCount).ShouldBe((20, 5));
        parts.LeftOut.Single().Id.ShouldBe("tiny");
        long Start(ClipRequest r) => content == ClipContent.Sound ? r.Audio[0].FirstSample : r.FirstFrame;
        var last = content == ClipContent.Sound ? 9 * 16000 : 225;
        var seen = new Dictionary<(string, int), List<long>>();
        foreach (var request in Enumerable.Range(0, 40).SelectMany(e => parts.Epoch(3, e, 100)))
        {
            var list = seen.TryGetValue((request.Video.Id, request.Clip), out var found) ? found : seen[(request.Video.Id, request.Clip)] = [];
            list.Add(Start(request));
            (request.FrameCount, request.Audio.Count).ShouldBe(content switch { ClipContent.Frames => (25, 0), ClipContent.Sound => (0, 1), _ => (25, 1) });
        }

        seen.Count.ShouldBe(20);
        seen.ShouldAllBe(s => s.Value.Count == 200); // shuffled passes: none is ahead of another
        for (var number = 0; number < 4; number++)
        {
            var starts = seen[("v002", number)];
            var (low, high) = ((last + 1L) * number / 4, (((last + 1L) * (number + 1)) / 4) - 1);
            starts.ShouldAllBe(s => s >= low && s <= high);
            (starts.Max() - starts.Min()).ShouldBeGreaterThan((high - low) * 9 / 10);
            Start(parts.Centre(parts.IndexOf("v002", number))).ShouldBe((low + high) / 2);
        }
    }

    [Fact]
    public void A_part_keeps_its_name_whatever_the_order_of_the_videos()
    {
        var videos = MemoryStore.Videos(6);
        var parts = ClipParts.Of(videos, Clip, 3, ClipContent.FramesAndSound);
        var again = ClipParts.Of([.. videos.Reverse()], Clip, 3, ClipContent.FramesAndSound);
        foreach (var request in parts.Epoch(1, 2, 50))
        {
            parts.IndexOf(request).ShouldBe(again.IndexOf(request));
            parts.VideoOf(parts.IndexOf(request)).Id.ShouldBe(request.Video.Id);
        }

        parts.Centres().Select((r, i) => parts.IndexOf(r) == i).ShouldAllBe(same => same);
        parts.IndexOf("v000", 3).ShouldBe(-1);
        parts.IndexOf("nobody", 0).ShouldBe(-1);
        parts.Epoch(1, 2, 50).Select(Text).ShouldBe(again.Epoch(1, 2, 50).Select(Text));
        parts.Epoch(1, 3, 50).Select(Text).ShouldNotBe(parts.Epoch(1, 2, 50).Select(Text));
        parts.Epoch(2, 2, 50).Select(Text).ShouldNotBe(parts.Epoch(1, 2, 50).Select(Text));
        static string Text(ClipRequest r) => $"{r.SampleId} {r.FirstFrame} {r.Crop}";
    }

    [Fact]
    public void A_video_with_few_starts_has_few_parts()
    {
        var parts = ClipParts.Of([MemoryStore.Video("short", 26)], Clip, 5, ClipContent.FramesAndSound);
        parts.Count.ShouldBe(2);
        parts.Centres().Select(r => r.FirstFrame).ShouldBe([0, 1]);
    }

    [Fact]
    public void A_track_shorter_than_the_sound_lies_in_the_middle_of_silence()
    {
        var parts = ClipParts.Of([MemoryStore.Video("short", 10)], Clip, 2, ClipContent.Sound);
        parts.Count.ShouldBe(1);
        parts.Centre(0).Audio[0].FirstSample.ShouldBe(-(16000 - 6400) / 2);
    }
}
