using System.Buffers.Binary;
using Duet.Reports.Clusters;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests.Clusters;

public sealed class SoundBiteTests
{
    [Fact]
    public void MuLawComesBackWithinAThirtiethOfTheLevel()
    {
        for (int sample = -32768; sample <= 32767; sample += 37)
        {
            ((double)Expand(SoundBite.Compress(sample))).ShouldBe(sample, 8 + (Math.Abs(sample) / 30.0), $"{sample}");
        }
    }

    [Fact]
    public void TheFileSaysWhatItHolds()
    {
        byte[] wav = SoundBite.Encode(new short[1001], 16000, 1);

        System.Text.Encoding.ASCII.GetString(wav, 0, 4).ShouldBe("RIFF");
        BinaryPrimitives.ReadUInt32LittleEndian(wav.AsSpan(4)).ShouldBe((uint)wav.Length - 8);
        BinaryPrimitives.ReadUInt16LittleEndian(wav.AsSpan(20)).ShouldBe((ushort)7);
        BinaryPrimitives.ReadUInt32LittleEndian(wav.AsSpan(24)).ShouldBe(16000u);
        BinaryPrimitives.ReadUInt32LittleEndian(wav.AsSpan(54)).ShouldBe(1001u);
        wav.Length.ShouldBe(58 + 1002); // RIFF chunks are even
        SoundBite.Length(1001).ShouldBe(wav.Length);
    }

    [Theory]
    [InlineData(1000, true)]
    [InlineData(3000, true)]
    [InlineData(4600, false)] // would fold to 3400 Hz
    [InlineData(7000, false)]
    public void HalvingTheRateKeepsWhatItCanHoldAndDropsTheRest(double hertz, bool kept)
    {
        var tone = Enumerable.Range(0, 16000).Select(i => (short)(12000 * Math.Sin(2 * Math.PI * hertz * i / 16000))).ToArray();

        byte[] wav = SoundBite.Encode(tone, 16000, 2);

        BinaryPrimitives.ReadUInt32LittleEndian(wav.AsSpan(24)).ShouldBe(8000u);
        double rms = Math.Sqrt(wav[258..(wav.Length - 200)].Average(b => Math.Pow(Expand(b), 2)));
        (rms / (12000 / Math.Sqrt(2))).ShouldBeInRange(kept ? 0.95 : 0, kept ? 1.05 : 0.02);
    }

    [Theory]
    [InlineData(16000, 16000, 1)]
    [InlineData(16000, 8000, 2)]
    [InlineData(44100, 8000, 5)]
    [InlineData(8000, 16000, 1)]
    public void TheRateStaysAtLeastTheWantedOne(int rate, int wanted, int factor) => SoundBite.Factor(rate, wanted).ShouldBe(factor);

    [Fact]
    public void NoSampleIsAFileToo() => SoundBite.Encode([], 16000, 2).Length.ShouldBe(58);

    /// <summary>G.711's decoder, written down independently.</summary>
    private static int Expand(byte code)
    {
        code = (byte)~code;
        int magnitude = ((((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84;
        return (code & 0x80) != 0 ? -magnitude : magnitude;
    }
}
