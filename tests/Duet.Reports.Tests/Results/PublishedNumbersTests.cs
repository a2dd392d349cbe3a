using Duet.Reports.Results;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests.Results;

public sealed class PublishedNumbersTests
{
    [Fact]
    public void Each_number_is_a_percentage_of_a_known_cell_and_says_where_it_stands()
    {
        PublishedNumbers.All.Count.ShouldBeGreaterThan(100);
        foreach (var number in PublishedNumbers.All)
        {
            number.Number.ShouldBeInRange(5, 100, number.ToString());
            number.Dataset.ShouldBeOneOf("ucf101", "hmdb51", "esc50", "esc10", "dcase2014", "kinetics");
            number.Protocol.ShouldBeOneOf("finetune", "probe", "sync");
            number.Layers.ShouldBeOneOf(number.Protocol == "finetune" ? ["all", "fc"] : [""]);
            number.Source.ShouldNotBeEmpty();
            number.Certainty.ShouldMatch("^(V|V2|V2 derived|M [0-9]+%)$");
        }

        PublishedNumbers.All.Distinct().Count().ShouldBe(PublishedNumbers.All.Count);
    }

    /// <summary>Cells as PAPERS' tables have them, each in another way of matching.</summary>
    [Theory]
    [InlineData("esc50", "finetune", "all", "audio", "xdc", "kinetics_400", null, 64, "78.0 (XDC Table 1, kinetics, k 64, split 1)")]
    [InlineData("esc50", "finetune", "all", "audio", "xdc", "AudioSet-240K", null, 64, "78.5 (XDC Table 2, audioset-240k, k 64, split 1)")]
    [InlineData("esc50", "finetune", "all", "audio", "xdc", "audioset", null, 128, "85.8 (XDC Table 2, audioset, k 128, split 1)")]
    [InlineData("ucf101", "finetune", "all", "video", "xdc", "kinetics", 32, null, "86.8 (XDC Table 7(a), kinetics, 3 splits)")]
    [InlineData("ucf101", "finetune", "all", "video", "scratch", "", 8, null, "54.5 (XDC Table 1, split 1)")]
    [InlineData("hmdb51", "finetune", "fc", "video", "random", "", 8, null, "7.5 (XDC Table 5, ±0.6, split 1)")]
    [InlineData("esc50", "probe", "", "audio", "avts", "soundnet", null, null, "82.3 (AVTS Table 3, soundnet, 5 folds, [V2])")]
    [InlineData("dcase2014", "probe", "", "audio", "xdc", "audioset", null, null, "95.0 (XDC Table 7(b), audioset)")]
    [InlineData("esc10", "probe", "", "audio", "log_mel", "", null, null, "72.7 (Piczak 2015, random forest on MFCC, 5 folds, [V2]); 95.7 (Piczak 2015, people, 5 folds, [V2])")]
    [InlineData("own", "probe", "", "audio", "xdc", "kinetics", null, null, "")]
    [InlineData("esc50", "finetune", "all", "video", "xdc", "kinetics", null, null, "")]
    public void A_row_finds_the_same_cell(string dataset, string kind, string layers, string modality, string method, string data, int? frames, int? k, string published) =>
        PublishedNumbers.InWords(PublishedNumbers.For(Row(dataset, kind, layers, modality, method, data, frames, k))).ShouldBe(published);

    [Fact]
    public void What_is_not_known_leaves_all_that_could_be_meant()
    {
        var found = PublishedNumbers.For(Row("esc50", "finetune", "all", "audio", "xdc", "my_archive", null, null));
        found.Select(n => n.Pretraining).Distinct().Count().ShouldBeGreaterThan(3);
        PublishedNumbers.InWords(found).ShouldEndWith("more");
    }

    private static ResultRow Row(string dataset, string kind, string layers, string modality, string method, string data, int? frames, int? k) => new()
    {
        Dataset = dataset,
        Kind = kind,
        Layers = layers,
        Modality = modality,
        Method = method,
        Data = data,
        Frames = frames,
        K = k,
        Measure = "top-1",
        Model = "",
        Clip = "",
        Protocol = "p",
        Number = 50,
        IntervalOver = "videos",
        PerFold = [],
        Seeds = 1,
        Runs = ["run"],
    };
}
