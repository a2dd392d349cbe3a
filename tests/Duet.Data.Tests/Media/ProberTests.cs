using System.Text;
using Duet.Data.Media;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Media;

public sealed class ProberTests
{
    [Fact]
    public void The_stream_that_a_player_would_pick_is_picked()
    {
        var probe = Probe(
            """{"index":0,"codec_type":"video","codec_name":"mjpeg","width":3000,"height":3000,"disposition":{"default":1,"attached_pic":1}}""",
            """{"index":1,"codec_type":"video","codec_name":"h264","width":320,"height":180,"disposition":{"default":1}}""",
            """{"index":2,"codec_type":"video","codec_name":"h264","width":480,"height":270,"disposition":{"default":1}}""",
            """{"index":3,"codec_type":"video","codec_name":"h264","width":1920,"height":1080,"disposition":{"default":0}}""",
            """{"index":4,"codec_type":"audio","codec_name":"aac","channels":6,"disposition":{"default":0}}""",
            """{"index":5,"codec_type":"audio","codec_name":"aac","channels":2,"disposition":{"default":1,"visual_impaired":1}}""",
            """{"index":6,"codec_type":"audio","codec_name":"aac","channels":2,"disposition":{"default":1}}""");
        probe.Video!.Index.ShouldBe(2);
        probe.Audio!.Index.ShouldBe(6);
    }

    [Fact]
    public void A_cover_is_no_video_and_an_unknown_codec_is_no_sound()
    {
        var probe = Probe(
            """{"index":0,"codec_type":"video","codec_name":"mjpeg","width":300,"height":300,"disposition":{"attached_pic":1}}""",
            """{"index":1,"codec_type":"audio","channels":2}""");
        probe.Video.ShouldBeNull();
        probe.Audio.ShouldBeNull();
    }

    [Theory]
    [InlineData("""{"side_data_list":[{"rotation":-90}]}""", 270)]
    [InlineData("""{"side_data_list":[{},{"rotation":180}]}""", 180)]
    [InlineData("""{"tags":{"rotate":"90"}}""", 270)]
    [InlineData("""{"side_data_list":[{"rotation":1e300}]}""", 0)]
    public void Rotation_is_read_from_where_it_stands(string stream, int degrees) =>
        Probe(stream.Replace("{\"", "{\"index\":0,\"codec_type\":\"video\",\"", StringComparison.Ordinal)).Streams[0].Rotation.ShouldBe(degrees);

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"format":3}""")]
    [InlineData("""{"format":{},"streams":7}""")]
    public void Nonsense_is_refused(string json) => Should.Throw<MediaException>(() => Prober.Parse(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Lengths_in_tags_count_where_the_stream_has_none() =>
        Probe("""{"index":0,"codec_type":"video","tags":{"DURATION":"00:01:10.381000000"}}""").Streams[0].DurationSeconds.ShouldBe(70.381);

    [Fact]
    public void A_matroska_stream_that_starts_late_is_shorter_than_its_tag() =>
        Probe("""{"index":0,"codec_type":"video","start_time":"0.5","tags":{"DURATION":"00:00:04.500000000"}}""").Streams[0].DurationSeconds.ShouldBe(4);

    private static MediaProbe Probe(params string[] streams) =>
        Prober.Parse(Encoding.UTF8.GetBytes($$"""{"format":{"format_name":"matroska,webm","duration":"4.0"},"streams":[{{string.Join(',', streams)}}]}"""));
}
