using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Duet.Cli.Tests.Support;
using Duet.Data.Store;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

/// <summary><c>duet ingest</c> and <c>duet store</c> as a user calls them.</summary>
public sealed class StoreTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("duet-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    [Trait("Category", "Slow")]
    public void Ingest_info_verify_and_damage()
    {
        MakeVideo("good.mp4", 440);
        File.WriteAllText(In("videos", "bad\u001b[31m.mp4"), "no video");
        var ingest = DuetProcess.RunIn(folder, null, "ingest", "videos", "--store", "store", "--json");
        ingest.ExitCode.ShouldBe(3, ingest.Error);
        var summary = JsonDocument.Parse(ingest.Output).RootElement;
        summary.GetProperty("ready").GetInt32().ShouldBe(1);
        summary.GetProperty("quarantined")[0].GetProperty("reason").GetString().ShouldBe("undecodable");

        var again = DuetProcess.RunIn(folder, null, "ingest", "videos", "--store", "store");
        again.ExitCode.ShouldBe(3);
        again.Output.ShouldContain("2 unchanged");
        again.Output.ShouldNotContain("\u001b[31m.mp4");
        DuetProcess.RunIn(folder, null, "store", "info", "store", "--json").Output.ShouldContain("\"videos\": 1");
        DuetProcess.RunIn(folder, null, "store", "verify", "store").ExitCode.ShouldBe(0);

        var shard = In("store", "shards", "shard-000000.tar");
        var bytes = File.ReadAllBytes(shard);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(shard, bytes);
        var verify = DuetProcess.RunIn(folder, null, "store", "verify", "store");
        verify.ExitCode.ShouldBe(1);
        verify.Output.ShouldContain("good.mp4");
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Killed_at_any_moment_and_called_again_it_ends_as_if_nothing_had_happened()
    {
        for (var i = 0; i < 8; i++)
        {
            MakeVideo($"{i}.mp4", 300 + (40 * i));
        }

        DuetProcess.RunIn(folder, null, "ingest", "videos", "--store", "straight").ExitCode.ShouldBe(0);

        // Killed ever later, counted from when the store is there, so that all stages are hit on a fast machine and on a slow one.
        for (var delay = 0; delay < 1000; delay += 130)
        {
            using var process = DuetProcess.Start(folder, null, "ingest", "videos", "--store", "killed", "--jobs", "1");
            var patience = Stopwatch.StartNew();
            while (!process.HasExited && !Directory.Exists(In("killed", "spool")) && patience.Elapsed < TimeSpan.FromMinutes(1))
            {
                Thread.Sleep(5);
            }

            Thread.Sleep(delay);
            process.Kill();
            process.WaitForExit();
        }

        var last = DuetProcess.RunIn(folder, null, "ingest", "videos", "--store", "killed");
        last.ExitCode.ShouldBe(0, last.Error);
        DuetProcess.RunIn(folder, null, "store", "verify", "killed").ExitCode.ShouldBe(0);
        using var straight = VideoStore.Open(In("straight"));
        using var killed = VideoStore.Open(In("killed"));
        killed.Fingerprint.ShouldBe(straight.Fingerprint);
        StoreInfo.Read(In("killed")).DeadBytes.ShouldBe(0);
        Directory.GetFiles(In("killed", "spool")).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(2, "is empty", "ingest", "empty", "--store", "s")]
    [InlineData(2, "There is no 'gone'", "ingest", "gone", "--store", "s")]
    [InlineData(2, "--short-side must be", "ingest", "empty", "--store", "s", "--short-side", "3")]
    [InlineData(2, "--fps x is no number", "ingest", "empty", "--store", "s", "--fps", "x")]
    [InlineData(1, "is not a Duet store", "store", "info", "empty")]
    [InlineData(1, "There is no store", "store", "verify", "gone")]
    public void Wrong_use_is_one_line_and_the_right_code(int code, string message, params string[] arguments)
    {
        Directory.CreateDirectory(In("empty"));
        var result = DuetProcess.RunIn(folder, null, arguments);
        result.ExitCode.ShouldBe(code);
        result.Error.ShouldContain(message);
        result.Error.Trim().Split('\n').Length.ShouldBeLessThanOrEqualTo(2);
    }

    private string In(params string[] parts) => Path.Combine([folder, .. parts]);

    private void MakeVideo(string name, int frequency)
    {
        Directory.CreateDirectory(In("videos"));
        using var process = Process.Start(new ProcessStartInfo("ffmpeg",
        [
            "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=96x64:r=25:d=2",
            "-f", "lavfi", "-i", string.Create(CultureInfo.InvariantCulture, $"sine=f={frequency}:d=2"), "-c:v", "mpeg4", "-c:a", "aac", In("videos", name),
        ])
        { UseShellExecute = false })!;
        process.WaitForExit();
        process.ExitCode.ShouldBe(0);
    }
}
