using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using Duet.Cli.Tests.Support;
using Duet.Data.Scenes;
using Duet.Tests.Shared.Soak;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

/// <summary>
/// An ingest of many files, some of them broken, measured from outside while it goes on: what a file leaves behind is seen as growth from the second to the last quarter. Some files in CI;
/// <c>DUET_SOAK=2000 ./test -class '*SoakTests'</c> takes that many.
/// </summary>
[Trait("Category", "Slow")]
public sealed class SoakTests(ITestOutputHelper output) : IDisposable
{
    private const int FewFiles = 48;
    private const int Jobs = 2;
    private const string Spooled = "files in the spool";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(40);
    private readonly string folder = Directory.CreateTempSubdirectory("duet-soak-").FullName;

    private static int Files => int.Parse(Environment.GetEnvironmentVariable("DUET_SOAK") ?? FewFiles.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task An_ingest_levels_off()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a process is measured by Linux's /proc");
        var broken = await WriteFilesAsync();
        var log = new SoakLog();
        using var process = DuetProcess.Start(folder, environment: null, "ingest", "videos", "--store", "store", "--jobs", Jobs.ToString(CultureInfo.InvariantCulture), "--json");
        var (said, error) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        while (!process.WaitForExit(Pause))
        {
            // Before the store's catalog is there, nothing has begun.
            if (File.Exists(In("store", "catalog.db")) && Vitals.Of(process.Id) is { } vitals)
            {
                log.Add([.. vitals, (Spooled, CountFiles(In("store", "spool")))]);
            }
        }

        process.WaitForExit();
        output.WriteLine($"{Files} files, {broken} of them broken\n{log}");
        process.ExitCode.ShouldBe(3, await error);
        using var summary = JsonDocument.Parse(await said);
        summary.RootElement.GetProperty("ready").GetInt32().ShouldBe(Files - broken);
        summary.RootElement.GetProperty("quarantined").GetArrayLength().ShouldBe(broken);
        CountFiles(In("store", "spool")).ShouldBe(0);

        // Each job has one child or the next, with the pipes to it, and a file or two; a measurement may fall between.
        log.ShouldLevelOff(Vitals.Children, Jobs);
        log.ShouldLevelOff(Vitals.Handles, 4 * Jobs);
        log.ShouldLevelOff(Vitals.Threads, 4 * Jobs);
        log.ShouldLevelOff(Spooled, 4 * Jobs);

        // What the runtime's collector has not looked at yet; a short run is still being compiled.
        log.ShouldLevelOff(Vitals.Memory, Files < 1000 ? 48 : 24);
    }

    /// <summary>Small videos that differ by a number in a box that players skip; of each ten one is cut in half, and of each fifty one is no video.</summary>
    private async Task<int> WriteFilesAsync()
    {
        await SceneSet.WriteAsync(new SceneSetOptions { Count = 2, Seconds = 2, Width = 64, Height = 48 }, In("scenes"), cancellationToken: TestContext.Current.CancellationToken);
        var scene = await File.ReadAllBytesAsync(Directory.GetFiles(In("scenes"), "*.mp4", SearchOption.AllDirectories).Order(StringComparer.Ordinal).First(), TestContext.Current.CancellationToken);
        Directory.CreateDirectory(In("videos"));
        var broken = 0;
        var box = new byte[16];
        BinaryPrimitives.WriteInt32BigEndian(box, box.Length);
        "free"u8.CopyTo(box.AsSpan(4));
        for (var i = 0; i < Files; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(box.AsSpan(12), i);
            byte[] bytes = i % 50 == 17 ? [.. "this is no video"u8, .. box] : i % 10 == 3 ? [.. scene.AsSpan(0, scene.Length / 2), .. box] : [.. scene, .. box];
            broken += i % 50 == 17 || i % 10 == 3 ? 1 : 0;
            await File.WriteAllBytesAsync(In("videos", string.Create(CultureInfo.InvariantCulture, $"{i:00000}.mp4")), bytes, TestContext.Current.CancellationToken);
        }

        return broken;
    }

    private string In(params string[] parts) => Path.Combine([folder, .. parts]);

    private static int CountFiles(string path) => Directory.Exists(path) ? Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Count() : 0;
}
