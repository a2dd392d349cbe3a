using System.Globalization;
using System.Text.Json;
using Duet.Data;
using Duet.Learning.Audio;
using Shouldly;
using TorchSharp;
using Xunit;

namespace Duet.Learning.Tests.Audio;

public sealed class LogMelTests
{
    public static TheoryData<string> Sets => ["avts", "centred_slaney", "whole_windows_db", "magnitude_db", "log10_24khz", "vmz", "unit_sum_linear"];

    [Theory]
    [MemberData(nameof(Sets))]
    public void Equals_torchaudio(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", "logmel.json")));
        var set = document.RootElement.GetProperty("sets").EnumerateArray().Single(s => s.GetProperty("name").GetString() == name);
        var options = Options(set.GetProperty("options"));
        options.Validate().ShouldBeEmpty();
        var samples = set.GetProperty("samples").GetInt32();
        var expected = set.GetProperty("values").EnumerateArray().Select(v => v.GetDouble()).ToArray();
        var shape = set.GetProperty("shape").EnumerateArray().Select(v => v.GetInt64()).ToArray();

        using var scope = torch.NewDisposeScope();
        using var logMel = new LogMel(options, torch.CPU);
        var pcm = torch.stack([.. Enumerable.Range(0, 2).Select(c => torch.tensor(TestSignals.Make(samples, options.SampleRate, c)))]);
        var actual = logMel.Forward(pcm);
        actual.shape.ShouldBe([shape[0], 1, shape[1], shape[2]]);
        logMel.FrameCount(samples).ShouldBe((int)shape[1]);
        var values = actual.data<float>().ToArray();
        var largest = 0.0;
        for (var i = 0; i < expected.Length; i++)
        {
            var scale = options.Log == LogCompression.None ? Math.Max(1, Math.Abs(expected[i])) : 1;
            largest = Math.Max(largest, Math.Abs(values[i] - expected[i]) / scale);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {largest:E2}"));
        largest.ShouldBeLessThan(1e-4);
    }

    [Theory]
    [InlineData(FramePadding.Same, WindowShape.HannPeriodic, LogCompression.Natural, 2.0)]
    [InlineData(FramePadding.None, WindowShape.HannSymmetric, LogCompression.Db, 1.0)]
    [InlineData(FramePadding.Reflect, WindowShape.HannPeriodic, LogCompression.Log10, 1.5)]
    public void Equals_a_slow_transcription_of_the_definition(FramePadding padding, WindowShape window, LogCompression log, double power)
    {
        var options = new LogMelOptions { SampleRate = 8000, WindowMs = 20, HopMs = new Rational(15, 2), FftSize = 256, MelBins = 17, Padding = padding, Window = window, Log = log, Power = power, FMin = 40 };
        var signal = TestSignals.Make(1003, 8000, 3);
        var expected = NaiveLogMel.Compute(signal, options);
        using var scope = torch.NewDisposeScope();
        using var logMel = new LogMel(options, torch.CPU);
        var actual = logMel.Forward(torch.tensor(signal).unsqueeze(0));
        actual.shape.ShouldBe([1, 1, expected.Length, 17]);
        var values = actual.data<float>().ToArray();
        for (var t = 0; t < expected.Length; t++)
        {
            for (var m = 0; m < 17; m++)
            {
                ((double)values[(t * 17) + m]).ShouldBe(expected[t][m], 1e-4, $"frame {t}, mel {m}");
            }
        }
    }

    [Fact]
    public void One_second_is_a_hundred_frames_by_default()
    {
        new LogMelOptions().FrameCount(16_000).ShouldBe(100);
        new LogMelOptions().FrameCount(32_000).ShouldBe(200);
        new LogMelOptions().Validate().ShouldBeEmpty();
    }

    [Fact]
    public void Silence_gives_the_floor()
    {
        using var scope = torch.NewDisposeScope();
        using var logMel = new LogMel(new LogMelOptions { Floor = 1e-5 }, torch.CPU);
        var mels = logMel.Forward(torch.zeros(2, 8000));
        mels.min().ToSingle().ShouldBe((float)Math.Log(1e-5), 1e-4f);
        mels.max().ToSingle().ShouldBe((float)Math.Log(1e-5), 1e-4f);
    }

    [Fact]
    public void A_batch_gives_what_each_signal_gives_alone()
    {
        using var scope = torch.NewDisposeScope();
        using var logMel = new LogMel(new LogMelOptions(), torch.CPU);
        var pcm = torch.stack([.. Enumerable.Range(0, 3).Select(c => torch.tensor(TestSignals.Make(4000, 16_000, c)))]);
        var together = logMel.Forward(pcm);
        for (var i = 0; i < 3; i++)
        {
            var alone = logMel.Forward(pcm.slice(0, i, i + 1, 1));
            torch.allclose(alone[0], together[i], 1e-5, 1e-5).ShouldBeTrue();
        }
    }

    [Fact]
    public void Leaves_no_tensor_behind()
    {
        using var logMel = new LogMel(new LogMelOptions(), torch.CPU);
        using var pcm = torch.zeros(2, 8000);
        logMel.Forward(pcm).Dispose();
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        logMel.Forward(pcm).Dispose();
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.ShouldBe(before);
    }

    [Fact]
    public void A_tensor_of_another_shape_or_type_is_refused()
    {
        using var logMel = new LogMel(new LogMelOptions(), torch.CPU);
        using var flat = torch.zeros(8000);
        using var doubles = torch.zeros(1, 8000, torch.ScalarType.Float64);
        using var brief = torch.zeros(1, 100);
        Should.Throw<ArgumentException>(() => logMel.Forward(flat)).Message.ShouldContain("[8000]");
        Should.Throw<ArgumentException>(() => logMel.Forward(doubles)).Message.ShouldContain("Float64");
        Should.Throw<ArgumentOutOfRangeException>(() => logMel.Forward(brief));
    }

    private static LogMelOptions Options(JsonElement o)
    {
        double Number(string key, double fallback) => o.TryGetProperty(key, out var v) ? v.GetDouble() : fallback;
        T Choice<T>(string key, T fallback) where T : struct, Enum => o.TryGetProperty(key, out var v) ? Enum.Parse<T>(v.GetString()!.Replace("_", "", StringComparison.Ordinal), ignoreCase: true) : fallback;
        Rational Ms(string key) => Rational.TryParse(o.GetProperty(key).GetRawText(), out var value) ? value : throw new InvalidDataException(key);
        return new LogMelOptions
        {
            SampleRate = o.GetProperty("sample_rate").GetInt32(),
            WindowMs = Ms("window_ms"),
            HopMs = Ms("hop_ms"),
            FftSize = o.GetProperty("fft_size").GetInt32(),
            MelBins = o.GetProperty("mel_bins").GetInt32(),
            Window = Choice("window", WindowShape.HannPeriodic),
            FMin = Number("f_min", 0),
            FMax = Number("f_max", 0),
            MelScale = Choice("mel_scale", MelScale.Htk),
            MelTriangle = Choice("mel_triangle", MelTriangle.Hertz),
            MelNorm = Choice("mel_norm", MelNorm.None),
            Power = Number("power", 2),
            Gain = Number("gain", 1),
            Log = Choice("log", LogCompression.Natural),
            Floor = Number("floor", 1e-6),
            Padding = Choice("padding", FramePadding.Same),
        };
    }
}
