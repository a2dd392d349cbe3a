using System.Globalization;
using System.Runtime.CompilerServices;
using Duet.Learning.Recipes;
using Duet.Learning.Training;
using Duet.Tests.Shared.Soak;
using Shouldly;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Training;

/// <summary>
/// Long runs of tiny networks with all that a run does: validation and a checkpoint after every epoch, summaries, clustering. What a step or an epoch leaves behind is seen as growth from
/// the second to the last quarter. Some steps in CI; <c>DUET_SOAK=2000 ./test -class '*SoakTests'</c> takes that many, and brings as many files into a store.
/// </summary>
[Trait("Category", "Slow")]
public sealed class SoakTests(ITestOutputHelper output)
{
    private const int FewSteps = 160;
    private const string Tensors = "live tensors";
    private const string Finalized = "tensors left to the finaliser so far";
    private const string Heap = "managed heap, MB";
    private const string Temporary = "temporary files";
    private const string Garbage = "managed memory per step, KB";

    private static int Steps => int.Parse(Environment.GetEnvironmentVariable("DUET_SOAK") ?? FewSteps.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    [Fact]
    public void Avts_levels_off() => Soak(TinyRun.Recipe with { Avts = new() { Curriculum = [new() { Epochs = Steps / TinyRun.StepsPerEpoch, Easy = 0.5, Hard = 0.5 }] } });

    [Fact]
    public void Clustering_levels_off() => Soak(TinyRun.Recipe with
    {
        Method = RecipeMethod.Xdc,
        Audio = TinyRun.Recipe.Audio with { Name = "resnet18_audio", Stages = 2 },
        Clustering = new() { K = 4, Iterations = Steps / (4 * TinyRun.StepsPerEpoch), EpochsPerIteration = 4, Patience = 0, ClipsPerVideo = 2, CalibrationClips = 8 },
    });

    private void Soak(Recipe recipe)
    {
        FinalizersBetweenTestsAttribute.Release();
        using var run = new TinyRun();
        var log = new SoakLog();
        var every = Math.Max(1, Steps / TinyRun.StepsPerEpoch / 40) * TinyRun.StepsPerEpoch;
        var allocated = GC.GetTotalAllocatedBytes();
        var outcome = run.Run(recipe with { Training = recipe.Training with { LogEvery = 1, Threads = 1, KeepCheckpoints = 2 } }, stopWhen: p =>
        {
            run.Progress.Clear(); // its own log of what it hears
            if (p is StepProgress { Step: var step } && step % every == TinyRun.StepsPerEpoch / 2)
            {
                var garbage = (GC.GetTotalAllocatedBytes() - allocated) / 1e3 / (log.Count == 0 ? step : every);
                Measure(log, run, garbage);
                allocated = GC.GetTotalAllocatedBytes();
            }

            return false;
        });
        outcome.Finished.ShouldBeTrue();
        outcome.Step.ShouldBe(Steps);
        output.WriteLine($"{recipe.Method} of {outcome.Step} steps\n{log}");

        // Counted after a full collection at the same place of an epoch: exact, but for threads of the pool that come and go.
        log.ShouldLevelOff(Tensors, 0);
        log.ShouldLevelOff(Temporary, 0);
        log.ShouldLevelOff(Vitals.Children, 0);
        log.ShouldLevelOff(Vitals.Handles, 4);
        log.ShouldLevelOff(Vitals.Threads, 4);

        // A tensor in no scope and no using lives until its finaliser comes by: memory is freed late, and may be while libtorch still reads it.
        log.ShouldLevelOff(Finalized, 0);

        // Compiled code and caches of the runtime: a kilobyte per step would be 80 MB in a day. Resident memory also has what the allocator keeps, which a short run is still filling.
        log.ShouldLevelOff(Heap, 0.5);
        log.ShouldLevelOff(Vitals.Memory, Steps < 1000 ? 32 : 16);
    }

    private static void Measure(SoakLog log, TinyRun run, double garbage)
    {
        FinalizerThread.Ask();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var heap = GC.GetTotalMemory(forceFullCollection: true);
        log.Add(
        [
            (Tensors, Tensor.TotalCount), (Finalized, FinalizerThread.Finalized), (Heap, heap / 1e6), (Garbage, garbage),
            (Temporary, Directory.EnumerateFiles(run.Folder.Path, "*.tmp", SearchOption.AllDirectories).Count()), .. Vitals.Of(Environment.ProcessId)!,
        ]);
    }

    /// <summary>TorchSharp counts what each thread disposes of. What the finaliser's thread has counted only an object's finaliser can ask.</summary>
    private sealed class FinalizerThread
    {
        private static long finalized;

#pragma warning disable MA0055 // it is the finaliser that is asked
        ~FinalizerThread()
#pragma warning restore MA0055
        {
            var counts = DisposeScopeManager.Statistics.TensorStatistics;
            Interlocked.Exchange(ref finalized, counts.DisposedInScopeCount + counts.DisposedOutsideScopeCount);
        }

        /// <summary>Tensors that were finalised before the last finalised question.</summary>
        public static long Finalized => Interlocked.Read(ref finalized);

        /// <summary>Leaves a question to the next collection. In a method of its own, so that no register holds it.</summary>
        [MethodImpl(MethodImplOptions.NoInlining)]
        public static void Ask() => _ = new FinalizerThread();
    }
}
