using Duet.Data.Clips;
using Duet.Data.Store;
using Duet.Learning.Audio;
using Duet.Learning.Models;
using Duet.Learning.Pretext.Avts;
using Duet.Learning.Recipes;
using Duet.Learning.Tests.Training;
using Duet.Learning.Weights;
using Shouldly;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Pretext;

public sealed class EncoderExportTests
{
    private static readonly Recipe OneEpoch = TinyRun.Recipe with { Avts = new() { Curriculum = [new() { Epochs = 1, Easy = 1 }] } };

    [Fact]
    public void Encoder_files_of_a_stopped_and_of_a_finished_run_alone_embed_as_its_model_does()
    {
        using var run = new TinyRun();
        run.Run(OneEpoch, stopAfter: 2).Finished.ShouldBeFalse();
        ShouldEmbedAsTheRun(run, step: 2);
        run.Run(OneEpoch, resume: true).Finished.ShouldBeTrue();
        ShouldEmbedAsTheRun(run, TinyRun.StepsPerEpoch);
        Directory.GetFiles(Path.GetDirectoryName(run.Folder.VideoEncoderFile)!).Select(Path.GetFileName).Order().ShouldBe(["audio.safetensors", "video.safetensors"]);
    }

    [Fact]
    public void A_run_stopped_before_its_first_step_has_learned_nothing_and_writes_no_encoders()
    {
        using var run = new TinyRun();
        run.Run(OneEpoch, stop: new CancellationToken(canceled: true)).Step.ShouldBe(0);
        File.Exists(run.Folder.VideoEncoderFile).ShouldBeFalse();
        run.Run(OneEpoch, resume: true, stopAfter: 1);
        File.Exists(run.Folder.VideoEncoderFile).ShouldBeTrue();
    }

    [Fact]
    public void The_example_in_the_documentation_is_the_one_tested_here_and_gives_a_vector_per_video()
    {
        using var run = new TinyRun();
        run.Run(OneEpoch, stopAfter: 1);
        var vectors = Embed(run.Folder.VideoEncoderFile, run.Clips, run.Videos);
        vectors.Count.ShouldBe(run.Videos.Count);
        vectors.ShouldAllBe(v => v.Length == 8 && v.All(float.IsFinite));
        vectors.Select(v => v[0]).Distinct().Count().ShouldBeGreaterThan(1);

        var source = File.ReadAllText(Path.Combine(RepositoryRoot(), "tests", "Duet.Learning.Tests", "Pretext", "EncoderExportTests.cs"));
        var example = source[source.LastIndexOf("    private static List<float[]> Embed(", StringComparison.Ordinal)..source.LastIndexOf("    private static string RepositoryRoot", StringComparison.Ordinal)];
        Lines(File.ReadAllText(Path.Combine(RepositoryRoot(), "docs", "models.md"))).ShouldContain(Lines(example));
    }

    /// <summary>Text without indentation.</summary>
    private static string Lines(string text) => string.Join('\n', text.Split('\n').Select(l => l.Trim())).Trim();

    private static void ShouldEmbedAsTheRun(TinyRun run, long step)
    {
        using var learned = AvtsRun.Open(run.Folder);
        using var untrained = new AvtsModel(OneEpoch.Video, OneEpoch.Audio, OneEpoch.Head, OneEpoch.Avts, OneEpoch.Seed);
        untrained.eval();
        using var loader = new ClipLoader(run.Clips, OneEpoch.Clip.Size, new ClipLoaderOptions { Workers = 1 });
        using var batch = loader.Load([.. run.Videos.Take(4).SelectMany(v => UniformClips.For(v, OneEpoch.Clip, 2))], batch: 8).Single();
        using var preprocessor = learned.Preprocessor(CPU);
        using var scope = NewDisposeScope();
        using var gradientless = no_grad();
        Compare(run.Folder.VideoEncoderFile, learned.Model.VideoEncoder, untrained.VideoEncoder, p => p.Video(batch));
        Compare(run.Folder.AudioEncoderFile, learned.Model.AudioEncoder, untrained.AudioEncoder, p => p.Audio(batch, 0));

        void Compare(string path, Encoder ofRun, Encoder ofNoRun, Func<ClipPreprocessor, Tensor> prepare)
        {
            var (encoder, card) = EncoderFile.Load(path);
            using var owned = encoder;
            card.Run.ShouldBe("run");
            card.Method.ShouldBe("avts");
            card.Step.ShouldBe(step);
            card.Seed.ShouldBe(OneEpoch.Seed);
            card.Store.ShouldBe(run.Fingerprint);
            using var alone = ClipPreprocessor.FromCard(card, CPU);
            var expected = ofRun.forward(prepare(preprocessor));
            var actual = encoder.forward(prepare(alone));
            Distance(actual, expected).ShouldBe(0, path);
            Distance(ofNoRun.forward(prepare(preprocessor)), expected).ShouldBeGreaterThan(1e-4, path);
            if (encoder.Modality == Modality.Video)
            {
                Should.Throw<InvalidOperationException>(() => alone.Audio(batch, 0)).Message.ShouldContain("audio encoder");
            }
        }
    }

    private static double Distance(Tensor a, Tensor b) => (a - b).abs().max().ToDouble();

    private static List<float[]> Embed(string encoderFile, IClipStore store, IReadOnlyList<StoredVideo> videos)
    {
        var (encoder, card) = EncoderFile.Load(encoderFile);
        using var owned = encoder;
        using var preprocessor = ClipPreprocessor.FromCard(card, CPU);
        using var loader = new ClipLoader(store, card.Clip.Size, new ClipLoaderOptions());
        var clips = videos.Select(v => UniformClips.FramesOnly(v, card.Clip, clips: 1)[0]).ToList(); // the middle of each
        var vectors = new List<float[]>();
        foreach (var batch in loader.Load(clips, batch: 8))
        {
            using (batch)
            using (no_grad())
            using (NewDisposeScope())
            {
                var map = encoder.forward(preprocessor.Video(batch)); // [clips, channels, time, height, width]
                vectors.AddRange(map.mean([2, 3, 4]).unbind(0).Select(v => v.data<float>().ToArray()));
            }
        }

        return vectors;
    }

    private static string RepositoryRoot()
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "Duet.slnx")))
        {
            at = at.Parent;
        }

        return at?.FullName ?? throw new InvalidOperationException("The tests run outside the repository.");
    }
}
