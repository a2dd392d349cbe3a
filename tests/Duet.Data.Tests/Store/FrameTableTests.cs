using System.Text;
using Duet.Data.Store;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Store;

public sealed class FrameTableTests
{
    [Theory]
    [InlineData("{\"frame_offsets\": [0, 10]}", "2 frames")]
    [InlineData("{\"frame_offsets\": [0, 10, 20, 30]}", "more than the catalog's 3")]
    [InlineData("{\"frame_offsets\": [1, 10, 20]}", "from offset 1")]
    [InlineData("{\"frame_offsets\": [0, 10, 12]}", "Frame 1 can't lie")]
    [InlineData("{\"frame_offsets\": [0, 20, 10]}", "Frame 1 can't lie")]
    [InlineData("{\"frame_offsets\": 3}", "has no 'frame_offsets'")]
    [InlineData("{\"frame_offset\\ud800\": [0, 10, 20]}", "can't be read")] // half of a pair in a name, which is looked at for comparing
    [InlineData("[", "can't be read")]
    public void What_can_not_be_is_refused(string json, string message) =>
        Should.Throw<FormatException>(() => FrameTable.Parse(Encoding.UTF8.GetBytes(json), 3, 30)).Message.ShouldContain(message);

    [Fact]
    public void Offsets_end_with_the_entry() => FrameTable.Parse("{\"x\": {\"frame_offsets\": [5]}, \"frame_offsets\": [0, 10, 20]}"u8, 3, 30).ShouldBe([0, 10, 20, 30]);
}
