using Duet.Data.Media;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Media;

public sealed class LoudnessMeterTests
{
    [Fact]
    public void A_full_scale_square_is_at_zero_and_nothing_at_the_floor()
    {
        Meter([.. Enumerable.Range(0, 16000).Select(i => i % 2 == 0 ? short.MinValue : short.MaxValue)]).RmsDb.ShouldBe(0, 0.001);
        Meter(new short[16000]).RmsDb.ShouldBe(LoudnessMeter.Floor);
    }

    [Fact]
    public void Silent_windows_are_counted_however_the_sound_is_cut()
    {
        var sound = new short[16000];
        sound.AsSpan(0, 4800).Fill(1000); // three of ten windows; the rest at -90 dB
        sound.AsSpan(4800).Fill(1);
        var meter = new LoudnessMeter(16000, -60);
        foreach (var piece in sound.Chunk(777))
        {
            meter.Add(piece);
        }

        meter.SilentShare.ShouldBe(0.7, 1e-9);
        Meter(sound).SilentShare.ShouldBe(0.7, 1e-9);
    }

    private static LoudnessMeter Meter(short[] sound)
    {
        var meter = new LoudnessMeter(16000, -60);
        meter.Add(sound);
        return meter;
    }
}
