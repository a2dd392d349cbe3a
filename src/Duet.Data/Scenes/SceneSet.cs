using System.Text;
using System.Text.Json;
using Duet.Data.Files;

namespace Duet.Data.Scenes;

/// <summary>How far the writing of a scene set is.</summary>
/// <param name="Done">Videos that are complete, those of an earlier run included.</param>
/// <param name="Total">Videos in the set.</param>
/// <param name="Path">The video that was completed last, relative to the folder.</param>
public sealed record SceneSetProgress(int Done, int Total, string Path);

/// <summary>
/// A set of short videos of procedural events whose sound follows from what is seen, for the demo and for tests.
/// </summary>
public static class SceneSet
{
    /// <summary>The list that ingest reads: <c>path,label,split</c>.</summary>
    public const string ListFile = "list.csv";

    /// <summary>One JSON object per video: kind, split, events and parameters.</summary>
    public const string TruthFile = "ground_truth.jsonl";

    private const string OptionsFile = "scenes.json";

    /// <summary>Changes whenever the same options would give other videos.</summary>
    private const int GeneratorVersion = 1;

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>
    /// Writes <c>KIND/KIND-NNNN.mp4</c> for every video, <see cref="ListFile"/> and <see cref="TruthFile"/>. Videos that exist are complete
    /// (each is renamed into place at its end) and are kept, so an interrupted run goes on where it was.
    /// </summary>
    /// <param name="options">What to write.</param>
    /// <param name="folder">Where; made if missing.</param>
    /// <param name="progress">Told after every video.</param>
    /// <param name="cancellationToken">Ends the work; nothing half-written stays.</param>
    /// <exception cref="UsageException">An option is out of its range, or the folder holds scenes of other options.</exception>
    /// <exception cref="DuetException">ffmpeg is missing or fails, or the folder can't be written.</exception>
    public static async Task WriteAsync(SceneSetOptions options, string folder, IProgress<SceneSetProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (options.Validate().FirstOrDefault() is { } error)
        {
            throw new UsageException($"Scenes: {error.Property} {error.Message}.");
        }

        try
        {
            await WriteAllAsync(options, folder, progress, cancellationToken);
        }
        catch (Exception failure) when (FileWriteException.Explains(failure))
        {
            throw FileWriteException.For(folder, failure);
        }
    }

    /// <summary>Each video's split. Every kind is divided alike, so that each part has the same mixture.</summary>
    internal static string[] Splits(SceneSetOptions options)
    {
        var kinds = SceneKinds.All.Count;
        var splits = new string[options.Count];
        for (var kind = 0; kind < kinds; kind++)
        {
            var members = Enumerable.Range(0, options.Count).Where(index => index % kinds == kind)
                .OrderBy(index => new Dice(options.Seed, $"{index}", "split").Key()).ToArray();
            var test = (int)Math.Round(members.Length * options.TestShare, MidpointRounding.AwayFromZero);
            var validation = (int)Math.Round(members.Length * (options.TestShare + options.ValidationShare), MidpointRounding.AwayFromZero) - test;
            for (var i = 0; i < members.Length; i++)
            {
                splits[members[i]] = i < test ? "test" : i < test + validation ? "val" : "train";
            }
        }

        return splits;
    }

    private static async Task WriteAllAsync(SceneSetOptions options, string folder, IProgress<SceneSetProgress>? progress, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        ClaimFolder(options, folder);
        foreach (var kind in SceneKinds.All)
        {
            Directory.CreateDirectory(Path.Combine(folder, kind.Name));
        }

        var scenes = new Scene[options.Count];
        var done = 0;
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Jobs > 0 ? options.Jobs : Environment.ProcessorCount, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, options.Count, parallel, async (index, token) =>
        {
            var scene = scenes[index] = new Scene(options, index);
            var target = Path.Combine(folder, PathOf(scene));
            if (!File.Exists(target))
            {
                await SceneEncoder.WriteAsync(scene, options, target, token);
            }

            progress?.Report(new SceneSetProgress(Interlocked.Increment(ref done), options.Count, PathOf(scene)));
        });
        var splits = Splits(options);
        Replace(Path.Combine(folder, TruthFile), string.Concat(scenes.Select(scene => Truth(scene, splits[scene.Index], options) + "\n")));
        Replace(Path.Combine(folder, ListFile), "path,label,split\n" + string.Concat(scenes.Select(scene => $"{PathOf(scene)},{scene.Kind.Name},{splits[scene.Index]}\n")));
    }

    private static string PathOf(Scene scene) => $"{scene.Kind.Name}/{scene.Name}.mp4";

    private static string Truth(Scene scene, string split, SceneSetOptions options) => JsonSerializer.Serialize(
        new
        {
            Path = PathOf(scene),
            Kind = scene.Kind.Name,
            Split = split,
            options.Seconds,
            options.FrameRate,
            options.SampleRate,
            Events = scene.Events.Select(e => new { e.Time, Strength = Math.Round(e.Strength, 4) }),
            scene.Parameters,
        },
        Json);

    /// <summary>A folder belongs to one set of options, or kept videos would not be those that were asked for.</summary>
    private static void ClaimFolder(SceneSetOptions options, string folder)
    {
        var content = JsonSerializer.Serialize(
            new { Format = "duet.scenes/1", GeneratorVersion, options.Seed, options.Seconds, options.Width, options.Height, options.FrameRate, options.SampleRate, options.NoiseLevel, options.StrangerSounds, options.Bystanders, options.CameraMotion },
            Json);
        var path = Path.Combine(folder, OptionsFile);
        if (!File.Exists(path))
        {
            Replace(path, content + "\n");
        }
        else if (!string.Equals(File.ReadAllText(path).Trim(), content, StringComparison.Ordinal))
        {
            throw new UsageException($"{folder} holds scenes that were made with other options (see {OptionsFile}). Choose another folder, or delete this one.");
        }
    }

    private static void Replace(string path, string text)
    {
        var partial = path + ".partial";
        File.WriteAllText(partial, text, new UTF8Encoding(false));
        File.Move(partial, path, overwrite: true);
    }
}
