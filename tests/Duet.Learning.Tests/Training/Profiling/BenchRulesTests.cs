using Duet.Data.Clips;
using Duet.Learning.Models;
using Duet.Learning.Training;
using Duet.Learning.Training.Profiling;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Training.Profiling;

/// <summary>Each rule speaks where its numbers say so, and only there.</summary>
public sealed class BenchRulesTests
{
    private static readonly ClipOptions Clip = new() { Size = 112, Scales = [1.0, 0.875] };

    /// <summary>A machine and a recipe with which all is well.</summary>
    private static readonly BenchResult Good = new()
    {
        Recipe = "good",
        Method = "avts",
        Networks = ["mc3_18", "vgg_m"],
        Clip = "",
        Store = "",
        ShortSide = 128,
        Environment = RunEnvironment.Of(TorchSharp.torch.CPU, Precision.Bf16, "") with { Cores = 8, Threads = 8 },
        Settings = new(Batch: 16, Accumulate: 1, Workers: 8, QueueMb: 256, BatchBytes: 10_000_000, LogEvery: 10),
        Steps = 10,
        ClipsPerSecond = 40,
        StepSeconds = new(0.4, 0.3, 0.5),
        PhaseSeconds = Phases(waiting: 0.001, optimiser: 0.02, other: 0.002),
        Data = new() { WaitShare = 0.0025, IdleShare = 0.9, AloneClipsPerSecond = 800, ReadBytesPerSecond = 1e6, DecodedBytesPerSecond = 1e7, WorkerBytesPerClip = 0, Failures = 0 },
        Memory = new(4_000_000_000, 10_000_000_000, 1000, 0),
        Arithmetic = new(1e10, 4e11, new MachineRates(1e12, 3e11, 1e10), 0.4),
        SavingSeconds = 1,
    };

    [Fact]
    public void Where_all_is_well_nothing_is_advised() => BenchRules.Of(Good, Clip, cudaIdle: false).ShouldBeEmpty();

    [Fact]
    public void A_gpu_that_is_not_used_is_named() => Only(Good, "training.device", "auto", cudaIdle: true);

    [Fact]
    public void Waiting_while_cores_stand_by_asks_for_workers()
    {
        Only(Waiting(Good) with { Settings = Good.Settings with { Workers = 2 } }, "training.workers", "8").Why.ShouldContain("10 % of the time");
        BenchRules.Of(Good with { Settings = Good.Settings with { Workers = 2 } }, Clip, false).ShouldBeEmpty(); // nothing waits
    }

    [Fact]
    public void A_queue_without_room_for_two_batches_is_too_short()
    {
        var large = Waiting(Good) with { Settings = Good.Settings with { BatchBytes = 200_000_000 } };
        Only(large, "training.queue_mb", "573");
        Only(large with { Data = large.Data with { IdleShare = 0.6 } }, "training.queue_mb", "573"); // the workers wait for the queue
    }

    [Fact]
    public void Frames_stored_larger_than_crops_need_cost_decoding()
    {
        var stored = Good with { ShortSide = 256 };
        BenchRules.Of(stored, Clip, false).ShouldBeEmpty(); // decoding is 5 % of what the cores could do
        Only(stored with { Data = stored.Data with { AloneClipsPerSecond = 100 } }, "duet ingest --short-side", "128").Why.ShouldContain("40 %");
        Only(Waiting(stored), "duet ingest --short-side", "128");
        BenchRules.Of(stored with { Data = stored.Data with { AloneClipsPerSecond = 100 } }, null, false).ShouldBeEmpty(); // sound alone
    }

    [Fact]
    public void Where_the_data_path_is_at_its_limit_the_rule_says_whether_disk_or_decoding_is()
    {
        Only(Waiting(Good), "--store", "a faster disk").Why.ShouldContain("1.0 MB/s");
        Only(Waiting(Good) with { ClipsPerSecond = 790 }, "clip.size, clip.frames", "smaller, or more cores");
    }

    [Fact]
    public void Waiting_beside_idle_workers_is_no_fault_of_theirs()
    {
        var handed = Good with { Data = Good.Data with { WaitShare = 0.03, IdleShare = 0.9 }, Settings = Good.Settings with { Workers = 2 }, ShortSide = 256 };
        BenchRules.Of(handed, Clip, false).ShouldBeEmpty();
    }

    [Fact]
    public void The_precision_whose_products_are_faster_is_advised()
    {
        Only(Good with { Environment = Good.Environment with { Precision = "fp32" } }, "training.precision", "bf16").Why.ShouldContain("3.3 times");
        Only(Good with { Arithmetic = Good.Arithmetic with { Rates = new(1e11, 3e11, 1e10) } }, "training.precision", "fp32");
        BenchRules.Of(Good with { Arithmetic = Good.Arithmetic with { Rates = new(2.5e11, 3e11, 1e10) } }, Clip, false).ShouldBeEmpty(); // hardly faster
    }

    [Fact]
    public void Cores_that_the_networks_do_not_use_are_named() => Only(Good with { Environment = Good.Environment with { Threads = 2 } }, "training.threads", "0");

    [Fact]
    public void Much_updating_asks_for_accumulation() =>
        Only(Good with { PhaseSeconds = Phases(waiting: 0.001, optimiser: 0.2, other: 0.002) }, "training.accumulate", "2").Why.ShouldContain("learning rate");

    [Fact]
    public void Much_bookkeeping_asks_for_fewer_lines() => Only(Good with { PhaseSeconds = Phases(waiting: 0.001, optimiser: 0.02, other: 0.1) }, "training.log_every", "100");

    [Fact]
    public void Full_memory_asks_for_accumulation_and_room_for_a_larger_batch()
    {
        Only(Good with { Memory = Good.Memory with { PeakBytes = 9_000_000_000 } }, "training.batch", "8, with training.accumulate 2");
        var accumulated = Good with { Settings = Good.Settings with { Accumulate = 4 } };
        Only(accumulated, "training.batch", "32, with training.accumulate 2");
        BenchRules.Of(accumulated with { Memory = Good.Memory with { PeakBytes = 6_000_000_000 } }, Clip, false).ShouldBeEmpty(); // twice that would not fit
        BenchRules.Of(accumulated with { Settings = accumulated.Settings with { Accumulate = 3 } }, Clip, false).ShouldBeEmpty(); // three are not two times anything
    }

    private static BenchResult Waiting(BenchResult result) => result with { Data = result.Data with { WaitShare = 0.1, IdleShare = 0.0 } };

    private static Dictionary<StepPhase, double> Phases(double waiting, double optimiser, double other) => new()
    {
        [StepPhase.Waiting] = waiting,
        [StepPhase.Inputs] = 0.01,
        [StepPhase.Forward] = 0.12,
        [StepPhase.Backward] = 0.24,
        [StepPhase.Optimiser] = optimiser,
        [StepPhase.Other] = other,
    };

    private static BenchAdvice Only(BenchResult result, string setting, string value, bool cudaIdle = false)
    {
        var advice = BenchRules.Of(result, Clip, cudaIdle).ShouldHaveSingleItem();
        (advice.Setting, advice.Value).ShouldBe((setting, value));
        return advice;
    }
}
