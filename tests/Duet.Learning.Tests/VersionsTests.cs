using System.Runtime.CompilerServices;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Store;
using Duet.Learning.Pretext;
using Duet.Learning.Recipes;
using Duet.Learning.Training;
using Duet.Learning.Weights;
using Shouldly;
using TorchSharp;
using Xunit;

namespace Duet.Learning.Tests;

/// <summary>
/// Stores, runs and encoders of every format version there has been (<c>Fixtures/make_versions.sh</c>): they are read for ever. Never made anew.
/// </summary>
public sealed class VersionsTests
{
    public static TheoryData<string> Versions => [.. Directory.GetDirectories(FolderOf()).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    public static TheoryData<string, string> Runs => [.. Directory.GetDirectories(FolderOf()).SelectMany(f => new[] { "avts", "xdc" }.Select(m => (Path.GetFileName(f), m)))];

    [Fact]
    public void There_is_one_of_each_version() => Directory.GetDirectories(FolderOf()).Select(Path.GetFileName).Order(StringComparer.Ordinal).ShouldBe(["1", "2"]);

    [Theory]
    [MemberData(nameof(Versions))]
    public void A_store_is_read_and_every_byte_is_as_it_was(string version)
    {
        using var store = VideoStore.Open(FolderOf(version, "store"));
        store.Videos.Count.ShouldBe(6);
        store.Videos.ShouldAllBe(v => v.FrameCount == 6 && v.SampleRate == 8000 && v.SampleCount == 9600 && v.SourcePath.EndsWith(".mp4"));
        foreach (var video in store.Videos)
        {
            var frames = new FrameBuffer();
            store.ReadFrames(video, 0, 6, 1, frames).ShouldBe(6);
            var samples = new short[9000];
            store.ReadSamples(video, 0, samples);
            samples.ShouldContain(s => s != 0);
        }

        StoreVerifier.Run(FolderOf(version, "store"), progress: null, TestContext.Current.CancellationToken).Problems.ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void A_run_goes_on_from_its_checkpoint_to_its_end(string version, string method)
    {
        using var store = VideoStore.Open(FolderOf(version, "store"));
        var folder = Directory.CreateTempSubdirectory("duet-version-");
        try
        {
            var run = new RunFolder(folder.FullName);
            Copy(FolderOf(version, method), run.Path);
            using (var checkpoint = Checkpoints.ToResume(run))
            {
                checkpoint!.Header.Format.ShouldBe($"duet.checkpoint/{version}");
                checkpoint.Header.State.Step.ShouldBe(2);
            }

            var said = new List<string>();
            var outcome = Pretraining.Run(RecipeFile.Load(run.RecipeFile), store, run, resume: true, new Notes(said), TestContext.Current.CancellationToken);
            (outcome.Finished, outcome.Step).ShouldBe((true, 4));
            said.ShouldContain("resumed from step 2");
            using var last = Checkpoints.Newest(run);
            last!.Header.Format.ShouldBe(CheckpointHeader.CurrentFormat);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void Encoders_are_read_and_give_numbers(string version, string method)
    {
        foreach (var name in new[] { "video", "audio" })
        {
            var (encoder, card) = EncoderFile.Load(new RunFolder(FolderOf(version, method)).EncoderFile(name));
            using (encoder)
            {
                (card.Format, card.Run, card.Step).ShouldBe(("duet.encoder/1", method, 4));
                (card.Clip.Frames, card.Clip.FrameRate, card.Clip.Size, card.Clip.AudioSeconds).ShouldBe((4, new Rational(5), 16, new Rational(8, 25)));
                encoder.parameters().ShouldAllBe(p => p.isfinite().all().item<bool>());
            }
        }
    }

    private static string FolderOf(params ReadOnlySpan<string> names) => Path.Combine([Path.GetDirectoryName(Here())!, "Fixtures", "versions", .. names]);

    private static string Here([CallerFilePath] string path = "") => path;

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private sealed class Notes(List<string> said) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value is TrainingNote note)
            {
                said.Add(note.Text);
            }
        }
    }
}
