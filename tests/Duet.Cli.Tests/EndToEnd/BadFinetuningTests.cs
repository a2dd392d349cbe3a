using Duet.Cli.Tests.Support;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

/// <summary>What <c>duet eval finetune</c> says when it can't.</summary>
[Collection(TinyStore.Collection)]
[Trait("Category", "Slow")]
public sealed class BadFinetuningTests(TinyStore tiny)
{
    [Fact]
    public void Pretrained_weights_need_a_run() =>
        tiny.Duet("eval", "finetune", "--store", "store", "--out", "out").ShouldBeOneError(2, "finetunes pretrained weights", "finetune.weights=scratch");

    [Fact]
    public void Without_a_run_a_folder_must_be_named() =>
        tiny.Duet("eval", "finetune", "--store", "store", "--set", "finetune.weights=scratch").ShouldBeOneError(2, "--out DIR");

    [Fact]
    public void From_scratch_a_network_must_be_named() =>
        tiny.Duet("eval", "finetune", "--store", "store", "--set", "finetune.weights=scratch", "--out", "out").ShouldBeOneError(2, "which network", "--set video.name=");

    [Fact]
    public void A_protocol_of_another_kind_names_its_verb() =>
        tiny.Duet("eval", "finetune", tiny.Run, "--store", "store", "--protocol", "probe_esc50").ShouldBeOneError(2, "probe_esc50", "duet eval probe");

    [Fact]
    public void A_store_without_labels_is_refused() =>
        tiny.Duet("eval", "finetune", tiny.Run, "--store", "other", "--out", "out").ShouldBeOneError(2, "no labels", "--labels folders");

    [Fact]
    public void A_folder_without_a_finetuning_cannot_be_gone_on_with() =>
        tiny.Duet("eval", "finetune", tiny.Run, "--store", "store", "--out", "nothing", "--resume").ShouldBeOneError(2, "holds no finetuning", "Leave --resume out");

    [Fact]
    public void A_folder_that_is_no_run_is_an_error() =>
        tiny.Duet("eval", "finetune", "videos", "--store", "store").ShouldBeOneError(2, "holds no run");

    [Fact]
    public void A_share_of_labels_above_all_of_them_is_refused_before_anything_is_read() =>
        tiny.Duet("eval", "finetune", tiny.Run, "--store", "store", "--out", "out", "--set", "finetune.label_share=1.5").ShouldBeOneError(2, "finetune.label_share", "at most 1");

    [Fact]
    public void A_learning_rate_that_follows_the_validation_has_none_to_follow() =>
        tiny.Duet("eval", "finetune", tiny.Run, "--store", "store", "--out", "out", "--set", "training.learning_rate.schedule=plateau", "--set", "training.learning_rate.plateau_metric=validation")
            .ShouldBeOneError(2, "no validation part");

    [Fact]
    public void Clips_that_are_longer_than_the_videos_are_told() =>
        tiny.Duet("eval", "finetune", tiny.Run, "--store", "store", "--out", "out", "--set", "clip.frames=1000").ShouldBeOneError(2, "Fewer than two classes", "1000x");

    [Fact]
    public void Sound_that_is_shorter_than_a_window_is_refused() =>
        tiny.Duet("eval", "finetune", tiny.Run, "--store", "store", "--out", "out", "--set", "finetune.modality=audio", "--set", "clip.audio_seconds=0.001").ShouldBeOneError(2, "too short for a spectrogram");

    [Fact]
    public void Clips_of_another_frame_rate_than_the_store_serves_are_refused() =>
        tiny.Duet("eval", "finetune", tiny.Run, "--store", "store", "--out", "out", "--set", "clip.frame_rate=30").ShouldBeOneError(2, "frame rate of 30");
}
