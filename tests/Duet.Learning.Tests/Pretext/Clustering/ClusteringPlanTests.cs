using Duet.Data.Clips;
using Duet.Learning.Pretext.Clustering;
using Duet.Learning.Recipes;
using Duet.Learning.Tests.Training;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Pretext.Clustering;

public sealed class ClusteringPlanTests
{
    [Theory]
    [InlineData(RecipeMethod.Sdc, ClusteringStreams.Both, "video<-video audio<-audio", "video(8)=video audio(6)=audio")]
    [InlineData(RecipeMethod.Sdc, ClusteringStreams.Audio, "audio<-audio", "audio(6)=audio")]
    [InlineData(RecipeMethod.Mdc, ClusteringStreams.Both, "video<-video+audio audio<-audio+video", "video(8)=video audio(6)=audio")]
    [InlineData(RecipeMethod.Cdc, ClusteringStreams.Both, "video<-joint audio<-joint", "joint(5)=video+audio")]
    [InlineData(RecipeMethod.Xdc, ClusteringStreams.Both, "video<-audio audio<-video", "audio(6)=audio video(8)=video")]
    [InlineData(RecipeMethod.Xdc, ClusteringStreams.Video, "video<-audio", "audio(6)=audio")] // on given labels
    [InlineData(RecipeMethod.XdcSameModality, ClusteringStreams.Video, "video<-video_twin video_twin<-video", "video_twin(8)=video_twin video(8)=video")]
    public void Methods_differ_in_whose_clusters_teach_whom(RecipeMethod method, ClusteringStreams streams, string teaching, string clusterings)
    {
        var plan = ClusteringPlan.Of(TinyRun.Recipe with { Method = method, Clustering = new() { K = 5, KVideo = 8, KAudio = 6, Streams = streams } });
        string.Join(' ', plan.Streams.Select(s => $"{s.Name}<-{string.Join('+', s.Lessons.Select(l => l.Clustering))}")).ShouldBe(teaching);
        string.Join(' ', plan.Clusterings.Select(c => $"{c.Name}({c.K})={string.Join('+', c.Streams)}")).ShouldBe(clusterings);
        plan.Streams.ShouldAllBe(s => Math.Abs(s.Lessons.Sum(l => l.Weight) - 1) < 1e-12);
    }

    [Fact]
    public void Only_what_the_encoders_need_is_read()
    {
        ClipContent Of(ClusteringStreams streams) => ClusteringPlan.Of(TinyRun.Recipe with { Method = RecipeMethod.Sdc, Clustering = new() { Streams = streams } }).Content;
        (Of(ClusteringStreams.Both), Of(ClusteringStreams.Video), Of(ClusteringStreams.Audio)).ShouldBe((ClipContent.FramesAndSound, ClipContent.Frames, ClipContent.Sound));
    }

    [Fact]
    public void A_twin_starts_with_other_weights_and_heads_alone_are_reset()
    {
        using var model = new ClusteringModel(ClusteringPlan.Of(TinyRun.Recipe with { Method = RecipeMethod.XdcSameModality, Clustering = new() { K = 4, Streams = ClusteringStreams.Audio } }));
        model.Encoder("audio").named_parameters().First().parameter.bytes.ToArray().ShouldNotBe(model.Encoder("audio_twin").named_parameters().First().parameter.bytes.ToArray());
        Dictionary<string, byte[]> Weights() => model.named_parameters().ToDictionary(p => p.name, p => p.parameter.bytes.ToArray(), StringComparer.Ordinal);
        var before = Weights();
        model.ResetHeads(1);
        var first = Weights();
        model.ResetHeads(2);
        var second = Weights();
        foreach (var (name, bytes) in second)
        {
            var isHead = name.EndsWith("head_audio.weight", StringComparison.Ordinal) || name.EndsWith("head_audio_twin.weight", StringComparison.Ordinal);
            bytes.SequenceEqual(first[name]).ShouldBe(!isHead, name);
            bytes.SequenceEqual(before[name]).ShouldBe(!isHead, name);
        }

        model.ResetHeads(1);
        Weights().ShouldAllBe(w => w.Value.SequenceEqual(first[w.Key]));
    }
}
