using System.Diagnostics;
using System.Net.Sockets;
using Duet.Data.Store;
using Shouldly;
using static Duet.Data.Tests.Store.Broken.BrokenCase;

namespace Duet.Data.Tests.Store.Broken;

/// <summary>Makes a folder of what archives and strangers hold, from good files made beside it.</summary>
internal sealed class BrokenCorpus : IDisposable
{
    /// <summary>The good files, which nothing beside them may change.</summary>
    public static readonly string[] Good = ["good.mp4", "good-end.mp4", "good.mkv", "good.avi", "good.ts"];

    private const double Seconds = 3;
    private static readonly int[] Tenths = [10, 20, 30, 40, 50, 60, 70, 80, 90];
    private static readonly string[] CutShort = [QuarantineReason.Undecodable, QuarantineReason.Damaged];

    private readonly TemporaryFolder folder = new();
    private readonly List<Socket> sockets = [];

    /// <summary>Makes the good files, in their folder and in that of the broken ones, which <see cref="Make"/> makes.</summary>
    public void MakeGood()
    {
        Directory.CreateDirectory(Broken);
        TestVideos.Make(Clean("good.mp4"), Seconds, encoding: ["-c:v", "libx264", "-preset", "veryfast", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+faststart"]);
        TestVideos.Make(Clean("good-end.mp4"), Seconds);
        TestVideos.Make(Clean("good.mkv"), Seconds, sound: "sine=f=500:r=16000:d={0}", encoding: ["-c:v", "mpeg4", "-q:v", "3", "-g", "10", "-c:a", "aac"]);
        TestVideos.Make(Clean("good.avi"), Seconds, encoding: ["-c:v", "mpeg4", "-q:v", "3", "-g", "5", "-c:a", "pcm_s16le"]);
        TestVideos.Make(Clean("good.ts"), Seconds, encoding: ["-c:v", "mpeg2video", "-g", "12", "-c:a", "mp2"]);
        foreach (var name in Good)
        {
            File.Copy(Clean(name), Path.Combine(Broken, name));
        }
    }

    /// <summary>The folder with good files alone.</summary>
    public string CleanFolder => folder["clean"];

    /// <summary>The folder with good and broken ones.</summary>
    public string Broken => folder["all"];

    public string this[params string[] parts] => folder[parts];

    /// <summary>A real recording, where there is one.</summary>
    public static string? Real => Path.Combine(RealData.Folder, "clips", "vas_dog_video_02677.mp4") is var path && File.Exists(path) ? path : null;

    /// <summary>The table, without what this machine can't make.</summary>
    public IReadOnlyList<BrokenCase> Here => [.. All.Where(c => c.Files.Count > 0)];

    /// <summary>The whole table. Of each verdict one should be able to say: that is why.</summary>
    public IReadOnlyList<BrokenCase> All =>
    [
        // Cut. A header that promises more than is there shows it; a broadcast stream has none, and its part is a whole shorter one.
        Cuts("cut-NN.mp4", "cut; the index is at the front and promises what is gone", Clean("good.mp4"), Tenths[..2], CutShort, null),
        Cuts("cut-NN.mp4", "the same, cut later", Clean("good.mp4"), Tenths[2..], [QuarantineReason.Damaged], "% can be decoded"),
        Cuts("cut-end-NN.mp4", "cut; the index was at the end", Clean("good-end.mp4"), Tenths, [QuarantineReason.Undecodable], "moov atom not found"),
        Cuts("cut-NN.mkv", "cut; the header has the length", Clean("good.mkv"), Tenths[..2], CutShort, null),
        Cuts("cut-NN.mkv", "the same, cut later", Clean("good.mkv"), Tenths[2..], [QuarantineReason.Damaged], "% can be decoded"),
        Cuts("cut-NN.avi", "cut; the header has the number of frames", Clean("good.avi"), [30, 50, 70, 90], [QuarantineReason.Damaged], "% can be decoded"),
        Cuts("cut-NN.ts", "cut to less than a second; a broadcast stream has no header with a length", Clean("good.ts"), [10, 20], [QuarantineReason.TooShort], "pictures and sound together last"),
        Cuts("cut-NN.ts", "cut to more than a second: what is left is whole", Clean("good.ts"), [50, 90], [Ready], null),
        RealCuts(),

        // Bits turned over.
        new("flip-moov.mp4", "one letter wrong in the name of the index", [QuarantineReason.Undecodable], "moov atom not found", [("flip-moov.mp4", p => Bytes.Rename(Clean("good.mp4"), p, "moov"u8, "mOov"u8))]),
        new("flip-magic.mkv", "the first byte wrong: nothing, or a bare stream of pictures to whoever looks for one", [QuarantineReason.Undecodable, QuarantineReason.NoAudio], null, [("flip-magic.mkv", p => Bytes.Rename(Clean("good.mkv"), p, [0x1A, 0x45], [0x1B, 0x45]))]),
        new("torn.avi", "a third overwritten with noise", [QuarantineReason.Damaged], null, [("torn.avi", p => Bytes.Tear(Clean("good.avi"), p, 0.3, 0.6))]),
        Flips("flip-head-NN.mp4", "eight bits turned over in the header", "good.mp4", 0, 0.03, 8),
        Flips("flip-head-NN.mkv", "eight bits turned over in the header", "good.mkv", 0, 0.03, 8),
        Flips("flip-body-NN.mp4", "forty bits turned over in the media", "good.mp4", 0.2, 0.95, 40),
        Flips("flip-body-NN.ts", "forty bits turned over anywhere", "good.ts", 0, 1, 40),

        // No index.
        new("no-moov.mp4", "without its index: the recorder was stopped", [QuarantineReason.Undecodable], "moov atom not found", [("no-moov.mp4", p => Bytes.CutAt(Clean("good-end.mp4"), p, "moov"u8, 4))]),
        new("no-cues.mkv", "without its index, which only serves seeking", [Ready], null, [("no-cues.mkv", p => Bytes.CutAt(Clean("good.mkv"), p, [0x1C, 0x53, 0xBB, 0x6B], 0))]),
        new("no-idx1.avi", "without its index, which only serves seeking", [Ready], null, [("no-idx1.avi", p => Bytes.CutAt(Clean("good.avi"), p, "idx1"u8, 0))]),

        // Other content than the name says.
        new("empty.mp4", "zero bytes long", [QuarantineReason.Undecodable], "the file is empty", [("empty.mp4", p => File.WriteAllBytes(p, []))]),
        new("text.mp4", "a text", [QuarantineReason.Undecodable], null, [("text.mp4", p => File.WriteAllText(p, "Dear archive, this was never a video.\n"))]),
        new("mkv.mp4", "a Matroska file; what a file is does not depend on its name", [Ready], null, [("mkv.mp4", p => TestVideos.Ffmpeg("-i", Clean("good.mkv"), "-c", "copy", "-metadata", "title=other", "-f", "matroska", p))]),
        new("wav.mp4", "sound alone", [QuarantineReason.NoVideo], "no stream of moving pictures", [("wav.mp4", p => TestVideos.Ffmpeg("-f", "lavfi", "-i", "sine=d=2", "-f", "wav", p))]),
        new("jpg.mp4", "a photograph", [QuarantineReason.Undecodable], "it is a picture, a playlist or another format", [("jpg.mp4", p => TestVideos.Ffmpeg("-f", "lavfi", "-i", "testsrc=s=320x240:d=1", "-frames:v", "1", "-f", "mjpeg", p))]),

        // Lengths and times.
        new("sound-shorter.mp4", "2 s of sound to 3 s of pictures: both end with the sound", [Ready], null, [("sound-shorter.mp4", p => Mux(p, Seconds, 2))]),
        new("sound-blip.mp4", "0.3 s of sound to 3 s of pictures", [QuarantineReason.TooShort], "pictures and sound together last 0.3", [("sound-blip.mp4", p => Mux(p, Seconds, 0.3))]),
        new("one-frame.mp4", "one frame and 2 s of sound", [QuarantineReason.TooShort], "pictures and sound together last 0.04", [("one-frame.mp4", p => Mux(p, 0.04, 2))]),
        new("jump.mkv", "the times of both jump ahead by 100 s in the middle", [QuarantineReason.Damaged], "% can be decoded", [("jump.mkv", p => Retime(p, "if(gt(TS,1500),TS+100000,TS)", "va"))]),
        new("jump-sound.mkv", "those of the sound alone: the hole is silence, and the end of it, for which there are no pictures, is left out", [Ready], null, [("jump-sound.mkv", p => Retime(p, "if(gt(TS,1500),TS+100000,TS)", "a"))]),
        new("backwards.mkv", "the times of both run backwards from the middle on", [QuarantineReason.Damaged], "% can be decoded", [("backwards.mkv", p => Retime(p, "if(gt(TS,1500),3000-TS,TS)", "va"))]),
        new("joined.ts", "two broadcasts joined, the second with earlier times", [Ready], null, [("joined.ts", p => Join(p))]),
        new("variable-rate.mkv", "a frame rate that swings from frame to frame", [Ready], null, [("variable-rate.mkv", p => TestVideos.Ffmpeg(
            "-f", "lavfi", "-i", "testsrc=s=96x64:r=25:d=3,setpts=N/25/TB+0.15*sin(N/4)/TB", "-f", "lavfi", "-i", "sine=r=16000:d=3", "-vsync", "vfr", "-c:v", "mpeg4", "-c:a", "aac", p))]),
        new("negative-start.mkv", "it starts 1.5 s before time 0", [Ready], null, [("negative-start.mkv", p => TestVideos.Ffmpeg("-i", Clean("good.avi"), "-c", "copy", "-output_ts_offset", "-1.5", "-avoid_negative_ts", "disabled", p))]),

        // Sizes.
        new("wide.mp4", "8000 x 512 pixels", [Ready], null, [("wide.mp4", p => Wide(p, 512))]),
        new("too-wide.mp4", "8000 x 448 pixels: more than 16 times as long as high", [QuarantineReason.FrameSize], "8000x448", [("too-wide.mp4", p => Wide(p, 448))]),
        new("streams-100.mkv", "1 stream of pictures, 99 of sound", [Ready], null, [("streams-100.mkv", p => TestVideos.Ffmpeg(
            ["-i", Clean("good.avi"), "-map", "0:v", .. Enumerable.Repeat((string[])["-map", "0:a"], 99).SelectMany(m => m), "-c", "copy", p]))]),

        // What is no file. None of it is opened: a named pipe would wait for ever, a device never end.
        new("link-loop.mp4", "a link to itself", [QuarantineReason.Unreadable], "leads back to itself", [("link-loop.mp4", p => File.CreateSymbolicLink(p, "link-loop.mp4"))]),
        new("link-nowhere.mp4", "a link to what is not there", [QuarantineReason.Unreadable], "it is a link to 'gone.mp4', which is not there", [("link-nowhere.mp4", p => File.CreateSymbolicLink(p, "gone.mp4"))]),
        new("link.mp4", "a link to a video elsewhere", [Ready], null, [("link.mp4", p =>
        {
            Bytes.Vary(Clean("good.mp4"), folder["elsewhere.mp4"], "link");
            File.CreateSymbolicLink(p, folder["elsewhere.mp4"]);
        })]),
        new("pipe.mp4", "a named pipe", [QuarantineReason.Unreadable], "it is a named pipe, not a file", [("pipe.mp4", p => Shell("mkfifo \"$1\"", p))]),
        new("link-pipe.mp4", "a link to a named pipe", [QuarantineReason.Unreadable], "it is a named pipe, not a file", [("link-pipe.mp4", p =>
        {
            Shell("mkfifo \"$1\"", folder["pipe"]);
            File.CreateSymbolicLink(p, folder["pipe"]);
        })]),
        new("socket.mp4", "a socket", [QuarantineReason.Unreadable], "it is a socket, not a file", [("socket.mp4", p =>
        {
            sockets.Add(new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified));
            sockets[^1].Bind(new UnixDomainSocketEndPoint(p));
        })]),
        new("zero.mp4", "a link to `/dev/zero`, which has no end", [QuarantineReason.Unreadable], "it is a device, not a file", [("zero.mp4", p => File.CreateSymbolicLink(p, "/dev/zero"))]),
        new("secret.mp4", "no permission to read it", [QuarantineReason.Unreadable], "there is no permission to read it",
            Environment.IsPrivilegedProcess ? [] : [("secret.mp4", p =>
            {
                File.Copy(Clean("good.mp4"), p);
                Shell("chmod 000 \"$1\"", p);
            })]),

        // Names. Linux takes every byte but two.
        Named("'line break'.mp4", "a line break in the name", "line\nbreak.mp4"),
        Named("'line break, [error] No space left on device'.mp4", "a name that would speak in ffmpeg's place, and end the ingest", "a\n[error] No space left on device\nb.mp4"),
        Named("quotes.mp4", "quotes of all kinds in the name", "it's a \"quoted\" `name` $HOME.mp4"),
        Named("-i.mp4", "a name like an option", "-i.mp4"),
        Named("%d.mp4", "a name like a pattern", "%d [x] *.mp4"),
        Named("concat:a|b.mp4", "a name like a protocol", "concat:a|b.mp4"),
        new("not-utf8-\\xFF.mp4", "a name that is not UTF-8: .NET can't open it, so it is named by its bytes", [QuarantineReason.Unreadable], "rename it, for example with: mv -- $'not-utf8-\\xff.mp4' 'new name'",
            [("not-utf8-\\xFF.mp4", _ => Shell("cp \"$2\" \"$1/$(printf 'not-utf8-\\377.mp4')\"", Broken, Clean("good.mp4")))]),
        new("folder-\\xE9t\\xE9", "a folder with such a name; nothing in it can be reached", [QuarantineReason.Unreadable], "its name is not UTF-8",
            [("folder-\\xE9t\\xE9", _ => Shell("d=\"$1/$(printf 'folder-\\351t\\351')\" && mkdir \"$d\" && cp \"$2\" \"$d\"", Broken, Clean("good.mp4")))]),
    ];

    /// <summary>Makes everything.</summary>
    public void Make()
    {
        MakeGood();
        foreach (var (name, make) in Here.SelectMany(c => c.Files))
        {
            make(Path.Combine(Broken, name));
        }

        // Folders that lead in circles, and one that looks like a file.
        Directory.CreateSymbolicLink(Path.Combine(Broken, "loop"), Broken);
        Directory.CreateSymbolicLink(Path.Combine(Broken, "loop.mp4"), ".");
        Directory.CreateDirectory(Path.Combine(Broken, "folder.mp4"));
        Shell("cp \"$2\" \"$1/$(printf 'notes-\\377.txt')\"", Broken, Clean("good.mp4"));
    }

    /// <summary>Runs a line of shell: what .NET can't do, such as names that are not UTF-8.</summary>
    public static void Shell(string script, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", script, "sh", .. arguments]) { UseShellExecute = false })!;
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, script);
    }

    public void Dispose()
    {
        sockets.ForEach(s => s.Dispose());
        Shell("rm -rf \"$1\"/*", folder.Path); // .NET can't remove names that it can't read
        folder.Dispose();
    }

    /// <summary>A good file.</summary>
    public string Clean(string name) => folder["clean", name];

    private static BrokenCase Cuts(string shown, string what, string from, int[] percents, string[] verdicts, string? says) => new(
        shown, $"{what} (NN = {string.Join(", ", percents)} % of it are there)", verdicts, says,
        [.. percents.Select(n => (shown.Replace("NN", $"{n}", StringComparison.Ordinal), (Action<string>)(p => Bytes.Cut(from, p, n))))]);

    /// <summary>The row is there without the recording, too.</summary>
    private static BrokenCase RealCuts() =>
        Cuts("cut-real-NN.mp4", "a real recording, cut", Real ?? "", Tenths, CutShort, null) is var row && Real is null ? row with { Files = [] } : row;

    private BrokenCase Flips(string shown, string what, string from, double begin, double end, int count) => new(
        shown, what, Any, null,
        [.. Enumerable.Range(1, 3).Select(n => (shown.Replace("NN", $"{n}", StringComparison.Ordinal), (Action<string>)(p => Bytes.Flip(Clean(from), p, n, begin, end, count))))]);

    private BrokenCase Named(string shown, string what, string name) => new(shown.Replace("|", "\\|", StringComparison.Ordinal), what, [Ready], null, [(name, p => Bytes.Vary(Clean("good.mp4"), p, name))]);

    private static void Mux(string path, double pictures, double sound) => TestVideos.Ffmpeg(
        "-f", "lavfi", "-i", FormattableString.Invariant($"testsrc=s=96x64:r=25:d={pictures}"), "-f", "lavfi", "-i", FormattableString.Invariant($"sine=r=16000:d={sound}"), "-c:v", "mpeg4", "-c:a", "aac", path);

    private void Retime(string path, string expression, string streams) => TestVideos.Ffmpeg(
        ["-i", Clean("good.mkv"), "-c", "copy", .. streams.SelectMany(s => (string[])[$"-bsf:{s}", $"setts=ts='{expression}'"]), path]);

    private void Join(string path)
    {
        TestVideos.Ffmpeg("-i", Clean("good.ts"), "-c", "copy", "-output_ts_offset", "5000", folder["later.ts"]);
        File.WriteAllBytes(path, [.. File.ReadAllBytes(folder["later.ts"]), .. File.ReadAllBytes(Clean("good.ts"))]);
    }

    private static void Wide(string path, int height) => TestVideos.Ffmpeg(
        "-f", "lavfi", "-i", FormattableString.Invariant($"testsrc=s=8000x{height}:r=5:d=1.4"), "-f", "lavfi", "-i", "sine=r=16000:d=1.4", "-c:v", "mjpeg", "-c:a", "aac", path);
}
