using System.Globalization;
using Duet.Cli.Tests.Support;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

/// <summary>
/// The command killed at random moments, with a checkpoint after every step so that many of them fall into a save. A few kills for each kind of run;
/// <c>DUET_KILLS=200 ./test -class Duet.Cli.Tests.EndToEnd.KillTests</c> shares 200 among them and says what they met.
/// </summary>
[Collection(TinyStore.Collection)]
[Trait("Category", "Slow")]
public sealed class KillTests(TinyStore tiny, ITestOutputHelper output)
{
    private const int FewKills = 8;
    private static readonly string[] EveryStep = ["--set", "training.checkpoint_every=1", "--set", "training.epoch_size=48", "--set", "training.workers=2"];

    private static readonly string[] Networks =
    [
        "--set", "clip.frames=8", "--set", "clip.size=32", "--set", "clip.audio_seconds=0.64", "--set", "video.width=0.125", "--set", "video.stages=2", "--set", "audio.width=0.125",
        "--set", "audio.stages=2", "--set", "training.batch=8", "--set", "training.threads=1", "--set", "training.log_every=1", "--set", "training.statistics_clips=8",
    ];

    private static int Kills => int.Parse(Environment.GetEnvironmentVariable("DUET_KILLS") ?? FewKills.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    [Fact]
    public void Avts_loses_nothing() => Kill("kill-avts", Kills - (2 * (Kills / 3)), ["pretrain", "tiny.yaml", "--store", "store", .. EveryStep, "--run"], seed: 1);

    [Fact]
    public void Clustering_loses_nothing() => Kill(
        "kill-xdc",
        Kills / 3,
        [
            "pretrain", "xdc_demo", "--store", "store", .. Networks, .. EveryStep, "--set", "training.epoch_size=16", "--set", "clustering.k=2", "--set", "clustering.iterations=3",
            "--set", "clustering.epochs_per_iteration=2", "--set", "clustering.calibration_clips=8", "--run",
        ],
        seed: 2);

    [Fact]
    public void Finetuning_loses_nothing()
    {
        File.WriteAllText(tiny.In("kill.yaml"), """
            name: kill
            protocol: finetune
            clip: { frames: 4, frame_rate: 25/2, size: 32, scales: [1.0], audio_seconds: 0.32 }
            video: { name: mc3_18, width: 0.125, stages: 2 }
            finetune: { weights: scratch, epochs: 2, learning_rates: [0.05, 0.001], validation_share: 0.3, test_clips: 3, resamples: 100 }
            training: { epoch_size: 16, batch: 4, threads: 1, workers: 2, log_every: 1, checkpoint_every: 1 }
            """);
        Kill("kill-finetune", Kills / 3, ["eval", "finetune", "--store", "store", "--protocol", "kill.yaml", "--out"], seed: 3);
    }

    private void Kill(string name, int kills, string[] command, int seed)
    {
        var spree = new KillingSpree(tiny.Folder, name, command, seed);
        spree.Run(kills);
        spree.Kills.ShouldBe(kills);
        spree.Finished.ShouldBeGreaterThan(0);
        output.WriteLine(spree.ToString());
    }
}
