using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Shouldly;

namespace Duet.Cli.Tests.Support;

/// <summary>
/// Runs one command again and again in the same folder, kills it (SIGKILL) at random moments, and looks after each at what is left: every
/// checkpoint that has a JSON is whole, and none is older than the newest one before. When the command has come to its end, the end must be that of
/// a command that nobody killed, and it begins anew.
/// </summary>
/// <param name="folder">The working folder.</param>
/// <param name="name">The folder of the runs in it.</param>
/// <param name="command">The command, without the folder that it writes to.</param>
/// <param name="seed">Of the moments.</param>
internal sealed partial class KillingSpree(string folder, string name, string[] command, int seed)
{
    private readonly Random random = new(seed);

    /// <summary>Kills that met a living process.</summary>
    public int Kills { get; private set; }

    /// <summary>Those of them that left a half-written file, or tensors without their JSON.</summary>
    public int InsideSave { get; private set; }

    /// <summary>Those of them before there was any checkpoint.</summary>
    public int BeforeFirst { get; private set; }

    /// <summary>Processes that went on from a checkpoint.</summary>
    public int Resumed { get; private set; }

    /// <summary>Runs that came to their end, each equal to the one that nobody killed.</summary>
    public int Finished { get; private set; }

    /// <summary>Kills that many times, and then lets the last run end.</summary>
    public void Run(int kills)
    {
        var clock = Stopwatch.StartNew();
        var (whole, firstLine) = Call("straight", long.MaxValue, fromLine: false);
        whole.ExitCode.ShouldBe(0, whole.Error);
        var (start, work) = (firstLine, clock.Elapsed - firstLine);
        var expected = Ends("straight");
        expected.Count.ShouldBeGreaterThan(1);
        while (Kills < kills || Directory.Exists(At("killed")))
        {
            // A quarter of the moments lie in the start, the others from the first line on.
            var fromLine = Kills >= kills || random.NextDouble() > 0.25;
            var moment = Kills >= kills ? long.MaxValue : (long)(random.NextDouble() * (fromLine ? work : start).TotalMilliseconds);
            var before = Newest();
            var (result, _) = Call("killed", moment, fromLine);
            result.Output.ShouldNotContain("can't be used");
            Resumed += result.Output.Contains("resumed from step", StringComparison.Ordinal) ? 1 : 0;
            if (result.ExitCode == 0)
            {
                Ends("killed").ShouldBe(expected);
                Directory.Delete(At("killed"), recursive: true);
                Finished++;
            }
            else
            {
                result.ExitCode.ShouldBe(137, $"{result.Error}{result.Output}");
                Kills++;
                Look(before);
            }
        }
    }

    public override string ToString() =>
        FormattableString.Invariant($"{name}: {Kills} kills ({BeforeFirst} before the first checkpoint, {InsideSave} inside a save), {Resumed} resumes from a checkpoint, {Finished} runs ended, all equal to the one that nobody killed");

    private string At(string run) => Path.Combine(folder, name, run, "run");

    private (DuetResult Result, TimeSpan FirstLine) Call(string run, long milliseconds, bool fromLine)
    {
        string[] resume = File.Exists(Path.Combine(At(run), "recipe.yaml")) ? ["--resume"] : [];
        var clock = Stopwatch.StartNew();
        using var process = DuetProcess.Start(folder, environment: null, [.. command, At(run), .. resume]);
        var error = process.StandardError.ReadToEndAsync();
        using var speaks = new ManualResetEventSlim();
        var first = TimeSpan.Zero;
        var output = Task.Run(() =>
        {
            var line = process.StandardOutput.ReadLine();
            first = clock.Elapsed;
            speaks.Set();
            return $"{line}\n{process.StandardOutput.ReadToEnd()}";
        });
        if (fromLine)
        {
            speaks.Wait();
        }

        if (milliseconds == long.MaxValue)
        {
            process.WaitForExit();
        }
        else if (!process.WaitForExit(TimeSpan.FromMilliseconds(milliseconds)))
        {
            process.Kill();
            process.WaitForExit();
        }

        return (new DuetResult(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult()), first);
    }

    /// <summary>What a kill left: nothing of what was there is lost.</summary>
    private void Look(IReadOnlyDictionary<string, int> before)
    {
        foreach (var checkpoints in CheckpointFolders("killed"))
        {
            var files = Directory.GetFiles(checkpoints);
            var headers = files.Where(f => f.EndsWith(".json", StringComparison.Ordinal) && !Path.GetFileName(f).StartsWith('.')).ToArray();
            foreach (var header in headers)
            {
                using var json = JsonDocument.Parse(File.ReadAllText(header));
                json.RootElement.GetProperty("sha256").GetString().ShouldBe(Hash(Path.ChangeExtension(header, ".safetensors")), header);
            }

            InsideSave += files.Any(f => Path.GetFileName(f).StartsWith('.') || (f.EndsWith(".safetensors", StringComparison.Ordinal) && !File.Exists(Path.ChangeExtension(f, ".json")))) ? 1 : 0;
        }

        var now = Newest();
        BeforeFirst += now.Count == 0 ? 1 : 0;
        foreach (var (checkpoints, step) in before)
        {
            now.GetValueOrDefault(checkpoints, -1).ShouldBeGreaterThanOrEqualTo(step, checkpoints);
        }
    }

    /// <summary>The newest step of every training below the folder.</summary>
    private Dictionary<string, int> Newest() => CheckpointFolders("killed")
        .Select(f => (Folder: f, Steps: Directory.GetFiles(f, "step-*.json").Select(StepOf).ToArray()))
        .Where(f => f.Steps.Length > 0)
        .ToDictionary(f => f.Folder, f => f.Steps.Max(), StringComparer.Ordinal);

    /// <summary>What a finished run is compared by: the last tensors, the encoders, every number that no clock says.</summary>
    private SortedDictionary<string, string> Ends(string run)
    {
        var ends = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in Directory.GetFiles(At(run), "*", SearchOption.AllDirectories))
        {
            var path = Path.GetRelativePath(At(run), file);
            switch (Path.GetExtension(file))
            {
                case ".safetensors" or ".parquet":
                    ends[path] = Hash(file);
                    break;
                case ".jsonl":
                    ends[path] = string.Join('\n', File.ReadLines(file).Where(l => !l.Contains("\"kind\":\"event\"", StringComparison.Ordinal)).Select(l => Clocks().Replace(l, "")));
                    break;
            }

            Path.GetFileName(file).ShouldNotEndWith(".tmp");
        }

        return ends;
    }

    private string[] CheckpointFolders(string run) => Directory.Exists(At(run)) ? Directory.GetDirectories(At(run), "checkpoints", SearchOption.AllDirectories) : [];

    private static int StepOf(string header) => int.Parse(Path.GetFileNameWithoutExtension(header)["step-".Length..], System.Globalization.CultureInfo.InvariantCulture);

    private static string Hash(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));

    [GeneratedRegex("\"(clips_per_second|data_wait_share|seconds)\":[^,}]*", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Clocks();
}
