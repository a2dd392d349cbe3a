using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Duet.Data.Media;
using Duet.Data.Store;
using Duet.Data.Tests.Store;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Media.Hostile;

/// <summary>
/// A hostile archive. Every trap is sprung first, by ffmpeg as it is when nobody fences it: a test that reached nothing anyway would prove nothing.
/// </summary>
public sealed class FenceTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public FenceTests() => Directory.CreateDirectory(folder["archive"]);

    public void Dispose() => folder.Dispose();

    [Fact]
    [Trait("Category", "Slow")]
    public async Task A_file_that_is_really_a_list_of_other_files_reaches_none_of_them()
    {
        TestVideos.Make(folder["private", "secret.mp4"]);
        TestVideos.Ffmpeg("-i", folder["private", "secret.mp4"], "-c", "copy", "-bsf:v", "dump_extra", "-f", "mpegts", folder["private", "secret.ts"]);
        var traps = new Dictionary<string, (string Text, string[] Unfenced)>(StringComparer.Ordinal)
        {
            ["playlist.mp4"] = (HostileFiles.Playlist(folder["private", "secret.ts"]), []),
            ["playlist.ts"] = (HostileFiles.Playlist("../private/secret.ts"), []),
            ["playlist.mkv"] = (HostileFiles.Playlist("file:" + folder["private", "secret.ts"]), []),
            ["playlist.avi"] = (HostileFiles.Playlist("/.." + folder["private", "secret.ts"]), []),
            ["concat.mp4"] = ($"ffconcat version 1.0\nfile '{folder["private", "secret.mp4"]}'\n", ["-safe", "0"]),
            ["manifest.mp4"] = (HostileFiles.Manifest("file://" + folder["private", "secret.mp4"]), []),
        };
        // ffmpeg's own check of such scripts lets names beside them pass.
        Directory.CreateDirectory(folder["archive", "parts"]);
        File.Copy(folder["private", "secret.mp4"], folder["archive", "parts", "part.bin"]);
        File.WriteAllText(folder["archive", "beside.mp4"], "ffconcat version 1.0\nfile parts/part.bin\n");
        Unfenced(folder["archive", "beside.mp4"], []).ShouldContain("Video: ", customMessage: "it is no trap");

        using var witness = new Witness(folder["private"]);
        foreach (var (name, trap) in traps)
        {
            File.WriteAllText(folder["archive", name], trap.Text);
            Unfenced(folder["archive", name], trap.Unfenced);
            witness.Read().ShouldNotBeEmpty($"{name} is no trap");
        }

        // ffmpeg 5 follows these at most with help; others may.
        File.WriteAllText(folder["archive", "script.avi"], $"DirectShowSource(\"{folder["private", "secret.mp4"]}\")\n");
        File.WriteAllText(folder["archive", "redirect.wmv"], $"<asx version=\"3.0\"><entry><ref href=\"{folder["private", "secret.mp4"]}\"/></entry></asx>");
        File.WriteAllText(folder["archive", "redirect.rm"], $"file://{folder["private", "secret.mp4"]}\n");
        File.WriteAllText(folder["archive", "redirect.mov"], $"RTSPtextfile://{folder["private", "secret.mp4"]}\n");

        var summary = await IngestAsync();
        summary.Quarantined.Select(q => (q.Path, q.Reason)).ShouldBe(
            Directory.GetFiles(folder["archive"]).Select(f => (Path.GetFileName(f), QuarantineReason.Undecodable)), ignoreOrder: true);
        witness.Read().ShouldBeEmpty();
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task A_video_that_names_other_files_inside_reaches_none_of_them()
    {
        TestVideos.Make(folder["private", "secret.mp4"]);
        TestVideos.Ffmpeg("-i", folder["private", "secret.mp4"], "-c", "copy", "-f", "mpegts", folder["private", "secret.ts"]);
        TestVideos.Make(folder["plain.mov"]);
        TestVideos.Make(folder["plain.avi"], encoding: ["-c:v", "mpeg4", "-c:a", "pcm_s16le"]);
        var avi = File.ReadAllBytes(folder["plain.avi"]);

        // That ffmpeg looks into this kind of stream at all is seen with honest subtitles.
        File.WriteAllBytes(folder["subtitled.avi"], HostileFiles.WithSubtitleFile(avi, "1\n00:00:00,000 --> 00:00:01,000\nhello\n"));
        Unfenced(folder["subtitled.avi"], []).ShouldContain("Subtitle: subrip");
        File.WriteAllBytes(folder["archive", "subtitled.avi"], HostileFiles.WithSubtitleFile(avi, HostileFiles.Playlist(folder["private", "secret.ts"])));

        using var witness = new Witness(folder["private"]);
        File.WriteAllBytes(folder["archive", "reference.mov"], HostileFiles.WithReference(File.ReadAllBytes(folder["plain.mov"]), folder["private", "secret.mp4"]));
        Unfenced(folder["archive", "reference.mov"], ["-enable_drefs", "1", "-use_absolute_path", "1"]);
        witness.Read().ShouldContain("secret.mp4");

        (await IngestAsync()).Files.ShouldBe(2);
        witness.Read().ShouldBeEmpty();
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Nothing_in_an_archive_makes_a_connection()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{((IPEndPoint)server.LocalEndpoint).Port}");
        var traps = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["playlist.mp4"] = HostileFiles.Playlist($"http://{address}/a.ts"),
            ["key.mp4"] = HostileFiles.Playlist("a.ts").Replace("#EXTINF", $"#EXT-X-KEY:METHOD=AES-128,URI=\"http://{address}/key\"\n#EXTINF", StringComparison.Ordinal),
            ["manifest.mp4"] = HostileFiles.Manifest($"http://{address}/a.mp4"),
            ["concat.mkv"] = $"ffconcat version 1.0\nfile http://{address}/a.mp4\n",
            ["raw.mkv"] = $"ffconcat version 1.0\nfile tcp://{address}\n",
        };
        foreach (var (name, text) in traps)
        {
            File.WriteAllText(folder["archive", name], text);
            string[] unfenced = ["-protocol_whitelist", "file,http,tcp,crypto", .. text.StartsWith("ffconcat", StringComparison.Ordinal) ? ["-safe", "0"] : Array.Empty<string>()];
            var run = Task.Run(() => Unfenced(folder["archive", name], unfenced), TestContext.Current.CancellationToken);
            var reached = server.AcceptTcpClientAsync(TestContext.Current.CancellationToken).AsTask();
            (await Task.WhenAny(reached, run)).ShouldBe(reached, $"{name} is no trap");
            (await reached).Dispose();
            while (!run.IsCompleted || server.Pending())
            {
                if (server.Pending())
                {
                    (await server.AcceptTcpClientAsync(TestContext.Current.CancellationToken)).Dispose();
                }

                await Task.Delay(10, TestContext.Current.CancellationToken);
            }
        }

        File.WriteAllText(folder["archive", "session.mp4"], "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n");
        File.WriteAllText(folder["archive", "redirect.rm"], $"http://{address}/a.rm\n");
        (await IngestAsync()).Ready.ShouldBe(0);

        // Nor do words of a list that are addresses.
        File.WriteAllText(
            folder["list.txt"],
            $"http://{address}/a.mp4\ntcp://{address}\npipe:0\nconcat:a.mp4|b.mp4\ndata:video/mp4;base64,AAAA\nsubfile,,start,0,end,9,,:archive/playlist.mp4\ncrypto:archive/playlist.mp4\nunix:/run/x\n-i\n");
        var listed = await IngestAsync(folder["list.txt"]);
        listed.Quarantined.Select(q => q.Reason).ShouldBe(Enumerable.Repeat(QuarantineReason.Unreadable, 9));
        server.Pending().ShouldBeFalse();
    }

    /// <summary>Protocols are the second fence, behind the formats: it is seen with the first one taken down.</summary>
    [Fact]
    [Trait("Category", "Slow")]
    public void What_a_list_names_is_not_opened_even_where_the_list_is_read()
    {
        TestVideos.Make(folder["a.mkv"]);
        File.WriteAllText(folder["list"], $"ffconcat version 1.0\nfile data:video/x-matroska;base64,{Convert.ToBase64String(File.ReadAllBytes(folder["a.mkv"]))}\n");
        string[] asList = ["-safe", "0", "-f", "concat"];
        Unfenced(folder["list"], asList).ShouldContain("Video: ", customMessage: "it is no trap");
        var options = Fence.Input(folder["list"], long.MaxValue).TakeWhile(o => o != "-i").ToList();
        options.RemoveRange(options.IndexOf("-format_whitelist"), 2);
        Unfenced(folder["list"], [.. options, .. asList]).ShouldContain("Protocol 'data' not on whitelist 'file'");
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Names_are_names_whatever_they_look_like()
    {
        TestVideos.Make(folder["plain.avi"], encoding: ["-c:v", "mpeg4", "-c:a", "pcm_s16le"]);
        var video = File.ReadAllBytes(folder["plain.avi"]);
        string[] names =
        [
            "-i.avi", "-y -f null.avi", "concat:a|b.avi", "file:x.avi", "http:x.avi", "pipe:0.avi", "subfile,,start,0,end,9,,:x.avi", "%d.avi", "%03d.avi", "*.avi", "[0:v].avi",
            "a'b\"c\\d.avi", "$(touch pwned).avi", "`touch pwned`;touch pwned&.avi", "a\nb\tc.avi", " .avi", "\u202eiva.avi", "{1..9}.avi", "~.avi",
            "x\n[info] Exiting normally, received signal 15.\n.avi",
            "x\n[error] av_interleaved_write_frame(): No space left on device\n.avi",
        ];
        foreach (var (i, name) in names.Index())
        {
            File.WriteAllBytes(folder["archive", name], [.. video, (byte)i]); // else they would be one content
        }

        Fence.Input("concat:a.avi|b.avi", 1).Last().ShouldBe("file:concat:a.avi|b.avi"); // though all of these come with their folders before them

        var before = Directory.GetFileSystemEntries(folder["archive"]);
        var summary = await IngestAsync();
        summary.Quarantined.ShouldBeEmpty();
        using var store = VideoStore.Open(folder["store"]);
        store.Videos.Select(v => v.SourcePath).ShouldBe(names, ignoreOrder: true);
        Directory.GetFileSystemEntries(folder["archive"]).ShouldBe(before, ignoreOrder: true);
        Directory.GetFiles(folder["store", "spool"]).ShouldBeEmpty();
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task What_a_file_makes_ffmpeg_say_stops_nothing_but_that_file()
    {
        File.WriteAllText(folder["subtitles.srt"], "1\n00:00:00,000 --> 00:00:01,000\nhello\n");
        TestVideos.Make(folder["plain.mkv"]);
        TestVideos.Ffmpeg("-i", folder["plain.mkv"], "-i", folder["subtitles.srt"], "-map", "0", "-map", "1", "-c", "copy", folder["subtitled.mkv"]);
        var video = File.ReadAllBytes(folder["subtitled.mkv"]);
        var words = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["signal.mkv"] = "[info] Exiting normally, received signal 15.",
            ["disk.mkv"] = "[error] av_interleaved_write_frame(): No space left on device",
            ["still.mkv"] = $"[Parsed_freezedetect_1 @ 0x1] [info] lavfi.freezedetect.freeze_duration: -{new string('9', 400)}\n[info] ",
        };
        foreach (var (name, text) in words)
        {
            File.WriteAllBytes(folder["archive", name], HostileFiles.WithCodecName(video, "S_NONE\n" + text));
            Unfenced(folder["archive", name], []).ShouldContain("\n" + text);
        }

        TestVideos.Make(folder["archive", "z.mkv"]);
        var summary = await IngestAsync();
        summary.Ready.ShouldBe(3);
        var disk = summary.Quarantined.ShouldHaveSingleItem();
        (disk.Path, disk.Reason).ShouldBe(("disk.mkv", QuarantineReason.Limit));
        disk.Detail.ShouldContain("now it is not");
    }

    private async Task<IngestSummary> IngestAsync(string? source = null) => await StoreIngest.RunAsync(
        new IngestOptions { Source = source ?? folder["archive"], Store = folder["store"], Streams = StoreStreams.Any, Limits = new QualityLimits { MinSeconds = 0.5 } },
        null,
        TestContext.Current.CancellationToken);

    /// <summary>Opens a file with ffmpeg as anybody does.</summary>
    /// <returns>What it says.</returns>
    private static string Unfenced(string path, string[] options)
    {
        using var process = Process.Start(new ProcessStartInfo("ffmpeg", ["-nostdin", "-hide_banner", "-loglevel", "repeat+level+verbose", .. options, "-i", path, "-t", "0.2", "-f", "null", "-"])
        {
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return said;
    }
}
