using Duet.Data.Clips;
using Duet.Learning.Models;
using Duet.Learning.Training;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Training;

public sealed class ReadableClipsTests
{
    /// <summary>Batch normalisation that measures needs two clips; where it does not, one is as good as any.</summary>
    [Theory]
    [InlineData(true, 4, "1", "0,2,3")]
    [InlineData(true, 4, "0,1,3", "")]
    [InlineData(false, 4, "0,1,3", "2")]
    [InlineData(true, 4, "0,1,2,3", "")]
    [InlineData(true, 1, "", "0")] // a batch of one is what the recipe asks for
    public void What_can_be_read_is_taken(bool measures, int clips, string failed, string taken)
    {
        using var network = EncoderRegistry.Create(new EncoderOptions { Name = "mc3_18", Width = 0.125, Stages = 1 }, seed: 0);
        network.train(measures);
        var failures = failed.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(i => new SampleFailure(int.Parse(i, System.Globalization.CultureInfo.InvariantCulture), "id", "a bad sector"));
        var requests = new ClipRequest[clips];
        using var batch = new ClipBatch(requests, size: 8, [], [], [.. failures], release: null);
        string.Join(',', ReadableClips.Of(batch, network)).ShouldBe(taken);
    }
}
