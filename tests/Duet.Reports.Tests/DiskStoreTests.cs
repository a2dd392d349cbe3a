using System.Diagnostics;
using System.Text.Json.Nodes;
using Duet.Data.Store;
using Duet.Reports.Tests.Synthetic;
using Shouldly;
using SkiaSharp;
using Xunit;

namespace Duet.Reports.Tests;

/// <summary>With a store on disk: one video that teaches and one file that doesn't.</summary>
public sealed class DiskStoreTests
{
    [Fact]
    [Trait("Category", "Slow")]
    public async Task PicturesAndQuarantinedFilesComeFromTheStore()
    {
        using var run = new RunFolderBuilder();
        string videos = Directory.CreateDirectory(run.File("videos")).FullName;
        // Two seconds of a test card that moves, with a tone.
        await Ffmpeg("-f", "lavfi", "-i", "testsrc=duration=2:size=160x120:rate=25", "-f", "lavfi", "-i", "sine=frequency=440:duration=2", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-c:a", "aac", Path.Combine(videos, "card.mp4"));
        await File.WriteAllTextAsync(Path.Combine(videos, "broken.mp4"), "no video", TestContext.Current.CancellationToken);
        string storeFolder = run.File("elsewhere");
        await StoreIngest.RunAsync(new IngestOptions { Source = videos, Store = storeFolder }, null, TestContext.Current.CancellationToken);
        string id, fingerprint;
        using (var store = VideoStore.Open(storeFolder))
        {
            (id, fingerprint) = (store.Videos.Single().Id, store.Fingerprint);
        }

        var sync = run.SyncResult();
        sync["examples"] = new JsonArray(new JsonObject
        {
            ["video_id"] = id,
            ["source_path"] = "card.mp4",
            ["start_seconds"] = 0.5,
            ["clip_seconds"] = 1,
            ["offsets_seconds"] = new JsonArray(0),
            ["distances"] = new JsonArray(0.5),
        });
        run.Write("result.json", sync).Write("store.json", new JsonObject { ["fingerprint"] = fingerprint, ["path"] = storeFolder });

        var page = ReportPage.Write(run);

        var pictures = page.Section("examples")!.Descendants("image").Select(i => (string)i.Attribute("href")!).ToList();
        pictures.Count.ShouldBeGreaterThanOrEqualTo(3);
        foreach (string picture in pictures)
        {
            using var bitmap = SKBitmap.Decode(Convert.FromBase64String(picture["data:image/jpeg;base64,".Length..]));
            ((double)bitmap.Width / bitmap.Height).ShouldBe(160.0 / 120, 0.05);
        }

        page.Section("examples")!.Descendants("p").ShouldNotContain(p => (string?)p.Attribute("class") == "hint");
        ReportPage.Shown(page.Section("data")!).ShouldContain("The store holds 1 video. 1 file was quarantined and taught nothing");
        ReportPage.Rows(page.Section("data")!.Descendants("table").First())[0][0].ShouldEndWith("broken.mp4");
        ReportPage.Shown(page.Section("data")!).ShouldNotContain("has changed since");
    }

    private static async Task Ffmpeg(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("ffmpeg", ["-v", "error", "-y", .. arguments]))!;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(0);
    }
}
