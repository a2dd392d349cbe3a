using Duet.Data.Datasets;
using Duet.Data.Store;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Datasets;

public sealed class SourceGroupsTests
{
    [Theory]
    [InlineData("UCF-101/ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi", "UCF-101/ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c05.avi", true)]
    [InlineData("v_ApplyEyeMakeup_g08_c01.avi", "v_ApplyEyeMakeup_g09_c01.avi", false)]
    [InlineData("catch/#20_Rhythm_clap_u_nm_np1_fr_goo_0.avi", "catch/#20_Rhythm_clap_u_nm_np1_fr_med_3.avi", true)]
    [InlineData("A_[x]_brush_hair_f_cm_np2_le_bad_1.avi", "B_[x]_brush_hair_f_cm_np2_le_bad_1.avi", false)]
    [InlineData("audio/1-17092-A-27.wav", "audio/1-17092-B-27.ogg", true)]
    [InlineData("audio/1-17092-A-27.wav", "audio/1-17093-A-27.wav", false)]
    [InlineData("mine/one.mp4", "mine/two.mp4", false)]
    public void Recordings_are_told_by_the_data_sets_file_names(string one, string two, bool same)
    {
        (SourceGroups.Of(Video("1", one)) == SourceGroups.Of(Video("2", two))).ShouldBe(same);
        SourceGroups.Of(Video("1", one)).ShouldBe(SourceGroups.Of(Video("1", one)));
    }

    private static StoredVideo Video(string id, string path) => new()
    {
        Id = id,
        SourcePath = path,
        FrameCount = 10,
        FrameRate = 25,
        Width = 8,
        Height = 8,
        SampleRate = 16000,
        SampleCount = 0,
        Shard = 0,
        JsonOffset = 0,
        JsonLength = 0,
        FramesOffset = 0,
        FramesLength = 0,
        SamplesOffset = 0,
    };
}
