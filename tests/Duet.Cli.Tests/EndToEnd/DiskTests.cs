using System.Security.Cryptography;
using Duet.Cli.Tests.Support;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

/// <summary>Disks that fill up and mounts that vanish while a run goes on: it stops with the reason, and what was saved goes on elsewhere to the same end.</summary>
[Collection(TinyStore.Collection)]
[Trait("Category", "Slow")]
public sealed class DiskTests(TinyStore tiny)
{
    /// <summary>24 steps, each with a checkpoint.</summary>
    private static readonly string[] KeepAll = ["--set", "training.epoch_size=96", "--set", "training.checkpoint_every=1", "--set", "training.keep_checkpoints=99"];

    [Fact]
    public void A_disk_that_fills_up_stops_the_run_and_what_was_saved_goes_on()
    {
        Assert.SkipWhen(PrivateMount.Missing is not null, PrivateMount.Missing ?? "");
        Directory.CreateDirectory(tiny.In("full"));
        var step = new FileInfo(Directory.GetFiles(tiny.In(Straight(), "checkpoints"), "*.safetensors")[0]).Length;

        // Room for two checkpoints and a half.
        var result = DuetProcess.RunInScript(
            $"mount -t tmpfs -o size={(step * 5 / 2) + 100_000} none full && \"$@\"; code=$?; cp -r full/run full-saved; exit $code",
            tiny.Folder,
            ["pretrain", "tiny.yaml", "--store", "store", "--run", "full/run", .. KeepAll]);
        result.ShouldBeOneError(1, "the disk is full", "The last checkpoint is kept: '", "step-0000000");
        GoesOn("full-saved");
    }

    [Fact]
    public void A_mount_that_vanishes_stops_the_run_and_nothing_is_written_in_its_place()
    {
        Assert.SkipWhen(PrivateMount.Missing is not null, PrivateMount.Missing ?? "");
        Directory.CreateDirectory(tiny.In("disk"));
        Directory.CreateDirectory(tiny.In("place"));
        var result = DuetProcess.RunInScript(
            """
            mount -t tmpfs none disk && mount --bind disk place
            "$@" & run=$!
            until ls place/run/checkpoints/*.json >/dev/null 2>&1 || ! kill -0 $run; do sleep 0.01; done
            kill -STOP $run; umount -l place; kill -CONT $run
            wait $run; code=$?
            ls -A place >&2
            cp -r disk/run place-saved
            exit $code
            """,
            tiny.Folder,
            ["pretrain", "tiny.yaml", "--store", "store", "--run", "place/run", .. KeepAll]);
        result.ShouldBeOneError(1, "is not there any more", "place/run");
        GoesOn("place-saved");
    }

    /// <summary>The same run on a disk that holds.</summary>
    private string Straight()
    {
        if (!Directory.Exists(tiny.In("disk-straight")))
        {
            tiny.Duet(["pretrain", "tiny.yaml", "--store", "store", "--run", "disk-straight", .. KeepAll]).ExitCode.ShouldBe(0);
        }

        return "disk-straight";
    }

    private void GoesOn(string run)
    {
        var finished = tiny.Duet(["pretrain", "tiny.yaml", "--store", "store", "--run", run, .. KeepAll, "--resume"]);
        finished.ExitCode.ShouldBe(0, finished.Error);
        finished.Output.ShouldContain("resumed from step ");
        Bits(run).ShouldBe(Bits(Straight()));
    }

    private string Bits(string run) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(tiny.In(run, "checkpoints", "step-00000024.safetensors"))));
}
