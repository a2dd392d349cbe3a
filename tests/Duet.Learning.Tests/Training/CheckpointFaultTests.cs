using Duet.Data.Files;
using Duet.Tests.Shared.Files;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Training;

/// <summary>A save that fails at its n-th call, for n = 1, 2, 3 ... until it succeeds: nothing that was saved is lost, and the next save works.</summary>
public sealed class CheckpointFaultTests
{
    [Theory]
    [InlineData(Fault.NoSpace, "the disk is full")]
    [InlineData(Fault.Error, "does not answer")]
    [InlineData(Fault.ShortWrite, "")]
    public void Whichever_call_fails_the_checkpoints_before_are_whole_and_the_next_save_works(Fault fault, string reason)
    {
        using var start = new ToyRun(1, 2);
        using var run = new ToyRun();
        var failures = 0;
        for (; ; failures++)
        {
            run.CopyFrom(start);
            var checkpoints = run.Resumed(keep: 2);
            var files = new FaultyFiles(failures + 1, fault);
            try
            {
                using var replaced = DurableFiles.Replace(files);
                run.Save(checkpoints, 3);
                files.Failed.ShouldBeFalse("a failed call must not pass for a save");
                break;
            }
            catch (FileWriteException e)
            {
                e.Message.ShouldContain(reason);
            }

            AssertNothingLost(run, start, $"{fault} at call {files.Calls}");

            // The disk is mended: the same process goes on, and another one would too.
            run.Save(checkpoints, 4);
            run.Newest().ShouldBe(4);
            Directory.GetFiles(run.Folder.CheckpointFolder).Length.ShouldBe(4);
        }

        failures.ShouldBeGreaterThanOrEqualTo(fault == Fault.NoSpace ? 14 : 16); // two files of five calls and a write for every tensor; and two deletions
        run.Newest().ShouldBe(3);
        run.Holds(2).ShouldBeTrue();
    }

    /// <summary>With a single checkpoint kept, there is no older one to fall back to.</summary>
    [Theory]
    [InlineData(Lost.Nothing, 2)]
    [InlineData(Lost.Everything, 2)]
    [InlineData(Lost.Contents, 2)]
    [InlineData(Lost.Nothing, 1)]
    [InlineData(Lost.Everything, 1)]
    [InlineData(Lost.Contents, 1)]
    public void Whenever_the_power_goes_a_whole_checkpoint_is_there_and_the_next_save_works(Lost lost, int keep)
    {
        using var start = keep == 1 ? new ToyRun(2) : new ToyRun(1, 2);
        using var run = new ToyRun();
        var cuts = 0;
        for (; ; cuts++)
        {
            run.CopyFrom(start);
            var files = new PowerCut(run.Folder.Path, cuts + 1);
            try
            {
                using var replaced = DurableFiles.Replace(files);
                run.Save(run.Resumed(keep), 3);
            }
            catch (PowerCutException)
            {
            }

            if (!files.IsCut)
            {
                break;
            }

            files.Restart(lost);
            run.Newest().ShouldBeOneOf(2, 3);
            run.Folder.RemoveLeftovers();
            run.Save(run.Resumed(keep), 4);
            run.Newest().ShouldBe(4);
            Directory.GetFiles(run.Folder.CheckpointFolder).Length.ShouldBe(2 * keep, $"cut at call {cuts + 1}");
        }

        cuts.ShouldBeGreaterThanOrEqualTo(16);

        // The power goes right after a whole save.
        run.CopyFrom(start);
        var saved = new PowerCut(run.Folder.Path, int.MaxValue);
        using (DurableFiles.Replace(saved))
        {
            run.Save(run.Resumed(keep), 3);
        }

        saved.Restart(lost);
        run.Newest().ShouldBe(3);
    }

    private static void AssertNothingLost(ToyRun run, ToyRun start, string when)
    {
        using var copy = new ToyRun();
        copy.CopyFrom(run);
        copy.Newest().ShouldBeOneOf([2, 3], when);

        // The second newest may go only when the third is there.
        var newest = copy.Newest();
        copy.Holds(newest!.Value - 1).ShouldBeTrue(when);
        start.Newest().ShouldBe(2);
    }
}
