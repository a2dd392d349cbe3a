using System.Text.Json;
using Duet.Cli.Tests.Support;
using Duet.Data.Datasets;
using Duet.Data.Store;
using Duet.Tests.Shared.Datasets;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

/// <summary>Data sets as their authors distribute them, ingested as a user does it; the catalog is what counts.</summary>
public sealed class DatasetsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("duet-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    [Trait("Category", "Slow")]
    public void Ucf101_is_a_store_of_pictures_with_three_divisions()
    {
        var tree = MiniatureUcf101.Make(In("ucf"), new MiniatureOptions(Playable: true));
        Ingest(tree, "ucf", QuarantineReason.Undecodable, StoreStreams.Video, "UCF101 by");
        using (var store = VideoStore.Open(In("store")))
        {
            store.Videos.ShouldAllBe(v => v.HasFrames && !v.HasSound);
            Divisions.Of(store.Videos).Select(d => (d.Name, d.Train.Count, d.Test.Count, d.Unused.Count)).ShouldBe([("split1", 12, 6, 0), ("split2", 12, 6, 0), ("split3", 12, 6, 0)]);
        }

        DuetProcess.RunIn(folder, null, "store", "info", "store").Output.ShouldContain("splits       split1=test 6, split1=train 12, split2=test 6, split2=train 12, split3=test 6, split3=train 12");

        // A second call has nothing to do, and with sound asked for half of the videos can't be used.
        DuetProcess.RunIn(folder, null, "ingest", "ucf", "--store", "store", "--layout", "ucf101").Output.ShouldContain("19 unchanged");
        var both = DuetProcess.RunIn(folder, null, "ingest", "ucf", "--store", "both", "--streams", "both", "--json");
        var summary = JsonDocument.Parse(both.Output).RootElement;
        summary.GetProperty("ready").GetInt32().ShouldBe(9);
        summary.GetProperty("quarantined").EnumerateArray().Count(q => q.GetProperty("reason").GetString() == QuarantineReason.NoAudio).ShouldBe(9);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Hmdb51_has_videos_that_a_division_does_not_use()
    {
        var tree = MiniatureHmdb51.Make(In("hmdb"), new MiniatureOptions(Playable: true));
        Ingest(tree, "hmdb", QuarantineReason.Undecodable, StoreStreams.Video, "HMDB51 by");
        using var store = VideoStore.Open(In("store"));
        Divisions.Of(store.Videos).Select(d => (d.Name, d.Train.Count, d.Test.Count, d.Unused.Count)).ShouldBe([("split1", 9, 6, 3), ("split2", 9, 6, 3), ("split3", 9, 6, 3)]);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Dcase2014_is_a_store_of_sound()
    {
        var tree = MiniatureDcase2014.Make(In("dcase"), new MiniatureOptions(Playable: true));
        Ingest(tree, "dcase", QuarantineReason.Undecodable, StoreStreams.Audio, "DCASE2014 scenes");
        using var store = VideoStore.Open(In("store"));
        store.Videos.ShouldAllBe(v => v.HasSound && !v.HasFrames);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Kinetics_has_both_streams_and_a_test_part_without_labels()
    {
        var tree = MiniatureKinetics.Make(In("kinetics"), new MiniatureOptions(Playable: true));
        Ingest(tree, "kinetics", QuarantineReason.Undecodable, StoreStreams.Both, "Kinetics by");
        using var store = VideoStore.Open(In("store"));
        store.Videos.ShouldAllBe(v => v.HasSound && v.HasFrames);
    }

    [Theory]
    [InlineData("--layout hmdb51: 'd' does not have it. Name the folder in which the folders of the classes and testTrainMulti_7030_splits", "ingest d --store s --layout hmdb51")]
    [InlineData("Line 2 of '", "ingest bad --store s")]
    [InlineData("classInd.txt has no class 'Juggling'", "ingest bad --store s --layout ucf101")]
    public void A_wrong_folder_or_a_bad_list_is_one_error(string message, string line)
    {
        Directory.CreateDirectory(In("d"));
        MiniatureUcf101.Make(In("bad"), new MiniatureOptions());
        File.WriteAllText(In("bad", "ucfTrainTestlist", "trainlist02.txt"), "YoYo/v_YoYo_g01_c01.avi 3\r\nJuggling/v_Juggling_g01_c01.avi 4\r\n");
        DuetProcess.RunIn(folder, environment: null, line.Split(' ')).ShouldBeOneError(2, message);
        Directory.Exists(In("s")).ShouldBeFalse();
    }

    private void Ingest(Miniature tree, string source, string reason, StoreStreams streams, string layout)
    {
        var ingest = DuetProcess.RunIn(folder, null, "ingest", source, "--store", "store", "--short-side", "32", "--json");
        ingest.ExitCode.ShouldBe(3, ingest.Error);
        var summary = JsonDocument.Parse(ingest.Output).RootElement;
        summary.GetProperty("layout").GetString().ShouldNotBeNull().ShouldStartWith(layout);
        summary.GetProperty("missing").GetInt32().ShouldBe(tree.Missing.Count);
        Strings(summary.GetProperty("unlisted"), e => e.GetString()).ShouldBe(tree.Unlisted.Order(StringComparer.Ordinal));
        Strings(summary.GetProperty("quarantined"), q => $"{q.GetProperty("path").GetString()} {q.GetProperty("reason").GetString()}").ShouldBe(
            tree.Missing.Select(path => $"{path} {QuarantineReason.Unreadable}").Concat(tree.Broken.Select(path => $"{path} {reason}")), ignoreOrder: true);

        using var store = VideoStore.Open(In("store"));
        store.Settings.Streams.ShouldBe(streams);
        store.Videos.Select(v => (v.SourcePath, v.Label, v.Split)).ShouldBe(tree.Expected.Select(e => (e.Key, e.Value.Label, e.Value.Split)), ignoreOrder: true);
    }

    private static IEnumerable<string?> Strings(JsonElement array, Func<JsonElement, string?> text) => array.EnumerateArray().Select(text);

    private string In(params string[] parts) => Path.Combine([folder, .. parts]);
}
