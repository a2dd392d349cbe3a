using System.Collections.Concurrent;
using Duet.Data.Clips;
using Duet.Data.Store;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Clips;

public sealed class ClipLoaderTests
{
    private const int Size = 32;
    private static readonly ClipOptions Clip = new() { Frames = 4, Size = Size };

    private static IReadOnlyList<ClipRequest> Requests(int count, int videos = 7) =>
        PairSampler.Epoch(MemoryStore.Videos(videos), Clip, new PairOptions(), new PairMix(0.5, 0.3, 0.2), seed: 3, epoch: 1, epochSize: count);

    private static ClipLoader Loader(IClipStore store, int workers, int megabytes = 4) => new(store, Size, new ClipLoaderOptions { Workers = workers, QueueMegabytes = megabytes });

    private static List<(byte[] Frames, short[] Samples, string[] Ids)> Copies(IEnumerable<ClipBatch> batches)
    {
        List<(byte[], short[], string[])> copies = [];
        foreach (var batch in batches)
        {
            using (batch)
            {
                var frames = batch.Frames[..(batch.Count * batch.FramesPerClip * Size * Size * 3)];
                var samples = batch.Samples[..(batch.Count * batch.WindowsPerClip * batch.SamplesPerWindow)];
                copies.Add((frames, samples, [.. batch.Requests.Select(r => r.SampleId)]));
            }
        }

        return copies;
    }

    [Fact]
    public void Eight_workers_deliver_the_bytes_that_one_delivers()
    {
        var requests = Requests(53);
        using var one = Loader(new MemoryStore(), 1);
        using var eight = Loader(new MemoryStore(), 8);
        var expected = Copies(one.Load(requests, 6));
        var actual = Copies(eight.Load(requests, 6));
        expected.Count.ShouldBe(9);
        expected[^1].Ids.Length.ShouldBe(5);
        expected.SelectMany(b => b.Ids).ShouldBe(requests.Select(r => r.SampleId));
        actual.Count.ShouldBe(expected.Count);
        for (var i = 0; i < actual.Count; i++)
        {
            actual[i].Frames.AsSpan().SequenceEqual(expected[i].Frames).ShouldBeTrue();
            actual[i].Samples.AsSpan().SequenceEqual(expected[i].Samples).ShouldBeTrue();
        }

        eight.Statistics.Batches.ShouldBe(9);
        eight.Statistics.Clips.ShouldBe(53);
        eight.Statistics.Failures.ShouldBe(0);
        eight.Statistics.Bytes.ShouldBe(53L * ((4 * Size * Size * 3) + (2 * 16000 * 2)));
    }

    /// <summary>Whoever computes is not interrupted by a worker that wakes up.</summary>
    [Fact]
    public void Workers_wait_their_turn()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "threads have such policies there");
        const string batch = "3"; // SCHED_BATCH
        var policies = new ConcurrentBag<string>();
        using var loader = Loader(new MemoryStore { Reading = (_, _) => policies.Add(Policy()) }, 2);
        Copies(loader.Load(Requests(20), 4)).Count.ShouldBe(5);
        policies.Count.ShouldBeGreaterThanOrEqualTo(20);
        policies.ShouldAllBe(policy => policy == batch);
        Policy().ShouldNotBe(batch);

        static string Policy()
        {
            const int place = 40; // among the fields of a thread's stat
            var stat = File.ReadAllText("/proc/thread-self/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[place - 2];
        }
    }

    [Fact]
    public void A_batch_holds_what_its_requests_ask_for()
    {
        var requests = Requests(10);
        var store = new MemoryStore();
        using var loader = Loader(store, 2);
        var decoder = new FrameDecoder(Size);
        foreach (var batch in loader.Load(requests, 4))
        {
            using (batch)
            {
                for (var i = 0; i < batch.Count; i++)
                {
                    var request = batch.Requests[i];
                    var buffer = new FrameBuffer();
                    store.ReadFrames(request.Video, request.FirstFrame, request.FrameCount, request.FrameStep, buffer);
                    var frames = new byte[4 * Size * Size * 3];
                    decoder.Decode(buffer, request.Video, request.Crop, frames);
                    batch.Frames.AsSpan(i * frames.Length, frames.Length).SequenceEqual(frames).ShouldBeTrue();
                    for (var w = 0; w < 2; w++)
                    {
                        var window = request.Audio[w];
                        for (var s = 0; s < window.SampleCount; s += 997)
                        {
                            batch.Samples[(((i * 2) + w) * window.SampleCount) + s].ShouldBe(MemoryStore.Sample(window.Video, window.FirstSample + s));
                        }
                    }
                }
            }
        }
    }

    [Fact]
    public void A_resumed_epoch_goes_on_with_the_batch_that_it_names_and_reads_nothing_before()
    {
        var requests = Requests(40);
        using var whole = Loader(new MemoryStore(), 2);
        var all = Copies(whole.Load(requests, 7));
        var reads = 0;
        using var rest = Loader(new MemoryStore { Reading = (_, _) => Interlocked.Increment(ref reads) }, 2);
        var resumed = Copies(rest.Load(requests, 7, firstBatch: 4));
        resumed.Select(b => b.Ids).ShouldBe(all.Skip(4).Select(b => b.Ids));
        resumed[0].Frames.ShouldBe(all[4].Frames);
        reads.ShouldBe(40 - 28);
        Copies(rest.Load(requests, 7, firstBatch: 99)).ShouldBeEmpty();
    }

    [Fact]
    public void Bad_frames_stay_in_place_black_and_silent_and_are_named()
    {
        var requests = Requests(20);
        var bad = requests[13].Video.Id;
        var store = new MemoryStore { Damage = (v, f, jpeg) => v.Id == bad && f % 2 == 0 ? jpeg[..(jpeg.Length / 2)] : jpeg };
        using var loader = Loader(store, 3, megabytes: 1);
        var damage = store.Damage;
        store.Damage = null;
        Copies(loader.Load(Requests(64), 8)); // so that the buffers that come back hold other clips
        store.Damage = damage;
        var index = 0;
        foreach (var batch in loader.Load(requests, 8))
        {
            using (batch)
            {
                var clipBytes = 4 * Size * Size * 3;
                for (var i = 0; i < batch.Count; i++, index++)
                {
                    var failed = requests[index].Video.Id == bad;
                    batch.Failures.Count(f => f.Index == i).ShouldBe(failed ? 1 : 0);
                    batch.Frames.AsSpan(i * clipBytes, clipBytes).ContainsAnyExcept((byte)0).ShouldBe(!failed);
                    batch.Samples.AsSpan(i * 2 * 16000, 2 * 16000).ContainsAnyExcept((short)0).ShouldBe(!failed);
                }

                batch.Failures.ShouldAllBe(f => f.VideoId == bad && f.Reason.Contains("damaged"));
                batch.Failures.Select(f => f.Index).ShouldBeInOrder();
            }
        }

        loader.Statistics.Failures.ShouldBe(requests.Count(r => r.Video.Id == bad));
    }

    [Fact]
    public void Frames_of_another_size_or_format_are_failures()
    {
        var small = MemoryStore.Picture(64, 64, 1);
        var store = new MemoryStore { Damage = (_, f, jpeg) => (f % 3) switch { 0 => small, 1 => [1, 2, 3], _ => jpeg } };
        using var loader = Loader(store, 1);
        using var batch = loader.Load(Requests(3), 3).Single();
        batch.Failures.Count.ShouldBe(3);
    }

    [Fact]
    public void An_error_in_a_worker_reaches_the_consumer()
    {
        var store = new MemoryStore { Reading = (v, _) => throw new InvalidTimeZoneException(v.Id) };
        using var loader = Loader(store, 4);
        Should.Throw<InvalidTimeZoneException>(() => Copies(loader.Load(Requests(30), 5)));
        store.Reading = null;
        Copies(loader.Load(Requests(30), 5)).Count.ShouldBe(6); // and the loader serves on
    }

    [Fact]
    public void Cancellation_ends_the_enumeration_also_while_the_consumer_waits()
    {
        using var source = new CancellationTokenSource();
        using var hold = new ManualResetEventSlim();
        var store = new MemoryStore { Reading = (_, first) => { source.Cancel(); hold.Set(); } };
        using var loader = Loader(store, 2);
        Should.Throw<OperationCanceledException>(() => Copies(loader.Load(Requests(3000), 1000, 0, source.Token)));
        hold.IsSet.ShouldBeTrue();
    }

    [Fact]
    public void Dispose_joins_the_workers_of_an_abandoned_enumeration()
    {
        var reads = 0;
        var loader = Loader(new MemoryStore { Reading = (_, _) => Interlocked.Increment(ref reads) }, 3);
        var batches = loader.Load(Requests(2000), 4).GetEnumerator();
        batches.MoveNext().ShouldBeTrue();
        batches.Current.Dispose();
        loader.Dispose();
        var after = Volatile.Read(ref reads);
        Thread.Sleep(50);
        Volatile.Read(ref reads).ShouldBe(after);
        Should.Throw<ObjectDisposedException>(() => batches.MoveNext());
        Should.Throw<ObjectDisposedException>(() => loader.Load(Requests(4), 4));
    }

    [Fact]
    public void A_second_enumeration_at_the_same_time_is_refused()
    {
        using var loader = Loader(new MemoryStore(), 1);
        using var first = loader.Load(Requests(8), 4).GetEnumerator();
        first.MoveNext();
        Should.Throw<InvalidOperationException>(() => loader.Load(Requests(8), 4).First());
    }

    [Fact]
    public void The_queue_is_bounded_in_bytes_and_one_batch_is_always_in_flight()
    {
        // 4 frames of 32 x 32 RGB and 64 kB of sound per clip: 76 288 bytes; 10 clips are 745 kB, so 1 MB holds one batch.
        var reads = 0;
        var store = new MemoryStore { Reading = (_, _) => Interlocked.Increment(ref reads) };
        using var loader = Loader(store, 4, megabytes: 1);
        using var batches = loader.Load(Requests(200), 10).GetEnumerator();
        for (var taken = 1; taken <= 5; taken++)
        {
            batches.MoveNext().ShouldBeTrue();
            Volatile.Read(ref reads).ShouldBeInRange(taken * 10, (taken + 1) * 10);
            batches.Current.Dispose();
        }

        // 4 MB hold five such batches beside the one that was taken.
        var more = 0;
        var other = new MemoryStore { Reading = (_, _) => Interlocked.Increment(ref more) };
        using var wide = Loader(other, 4, megabytes: 4);
        using var ahead = wide.Load(Requests(200), 10).GetEnumerator();
        ahead.MoveNext();
        SpinWait.SpinUntil(() => Volatile.Read(ref more) >= 60, TimeSpan.FromSeconds(30)).ShouldBeTrue();
        Thread.Sleep(30);
        Volatile.Read(ref more).ShouldBe(60);

        // A batch larger than the queue is loaded all the same.
        using var narrow = Loader(store, 2, megabytes: 1);
        Copies(narrow.Load(Requests(60), 30)).Count.ShouldBe(2);
    }

    [Fact]
    public void Requests_of_one_batch_must_agree_in_shape_and_crops_must_lie_in_the_frame()
    {
        using var loader = Loader(new MemoryStore(), 1);
        var requests = Requests(4).ToList();
        requests[2] = requests[2] with { FrameCount = 5 };
        Should.Throw<ArgumentException>(() => loader.Load(requests, 4));
        Copies(loader.Load(requests, 1)).Count.ShouldBe(4);
        requests[2] = requests[2] with { FrameCount = 4, Crop = new CropBox(150, 0, 40, 40, false) };
        Should.Throw<ArgumentException>(() => loader.Load(requests, 4));
    }

    [Fact]
    public void Clips_of_sound_only_and_of_frames_only_are_served()
    {
        var video = MemoryStore.Video("a");
        using var loader = Loader(new MemoryStore(), 2);
        using var sound = loader.Load(UniformClips.AudioOnly(video, Clip, 5), 5).Single();
        sound.Frames.ShouldBeEmpty();
        sound.Samples[16000].ShouldBe(MemoryStore.Sample(video, sound.Requests[1].Audio[0].FirstSample));
        using var frames = loader.Load(UniformClips.FramesOnly(video, Clip, 5), 5).Single();
        frames.Samples.ShouldBeEmpty();
        frames.WindowsPerClip.ShouldBe(0);
        frames.Failures.ShouldBeEmpty();
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Thousands_of_batches_reuse_the_same_buffers()
    {
        var clip = new ClipOptions { Frames = 1, Size = 16, AudioSeconds = new Rational(1, 10) };
        var store = new MemoryStore(32, 24);
        StoredVideo[] videos = [.. Enumerable.Range(0, 5).Select(i => MemoryStore.Video($"s{i}", 50, width: 32, height: 24))];
        using var loader = new ClipLoader(store, 16, new ClipLoaderOptions { Workers = 2, QueueMegabytes = 1 });
        var batches = 0;
        for (var epoch = 0; epoch < 6; epoch++)
        {
            var requests = RandomClips.Epoch(videos, clip, 1, epoch, 2003);
            foreach (var batch in loader.Load(requests, 4))
            {
                batch.Failures.ShouldBeEmpty();
                batch.Dispose();
                batches++;
            }
        }

        batches.ShouldBe(6 * 501);

        // 1 MB of queue holds at most 66 batches of 15 872 bytes, beside the one in the consumer's hands; two buffers each.
        loader.Statistics.BuffersAllocated.ShouldBeLessThanOrEqualTo(2 * 67);
    }

    /// <summary>Wrappers of native objects, some hundred bytes a frame; never pixels, compressed bytes or samples.</summary>
    [Theory]
    [InlineData(171, 128, 32)]
    [InlineData(683, 512, 224)]
    public void Workers_allocate_the_same_few_bytes_a_frame_however_large_it_is(int width, int height, int size)
    {
        var clip = new ClipOptions { Frames = 4, Size = size };
        StoredVideo[] videos = [.. Enumerable.Range(0, 5).Select(i => MemoryStore.Video($"s{i}", width: width, height: height))];
        using var loader = new ClipLoader(new MemoryStore(width, height), size, new ClipLoaderOptions { Workers = 1, QueueMegabytes = 1 });
        LoaderStatistics? warm = null;
        foreach (var batch in loader.Load(RandomClips.Epoch(videos, clip, 1, 0, 60), 2))
        {
            batch.Dispose();
            warm ??= loader.Statistics.ClipsDecoded >= 30 ? loader.Statistics : null; // buffers have grown to their size
        }

        var last = loader.Statistics;
        (last.ClipsDecoded, last.Failures).ShouldBe((60, 0));
        ((last.WorkersAllocated - warm!.WorkersAllocated) / (4.0 * (last.ClipsDecoded - warm.ClipsDecoded))).ShouldBeInRange(0, 600);
        last.TimeDecoding.ShouldBeGreaterThan(TimeSpan.Zero);
    }

    [Fact]
    public void Workers_that_are_ahead_count_as_idle()
    {
        using var loader = Loader(new MemoryStore(), 2, megabytes: 1);
        foreach (var batch in loader.Load(Requests(40), 4))
        {
            Thread.Sleep(20); // the queue holds the next batches meanwhile
            batch.Dispose();
        }

        loader.Statistics.TimeIdle.ShouldBeGreaterThan(TimeSpan.Zero);
        loader.Statistics.ClipsDecoded.ShouldBe(40);
    }
}
