using Duet.Data.Scenes;
using Xunit;

namespace Duet.Cli.Tests.Support;

/// <summary>
/// A store of ten short videos, a recipe that takes seconds and a run of it, made once and by the command itself. All of it lies in
/// <see cref="Folder"/>, where commands run, so that command lines are as a user would type them.
/// </summary>
public sealed class TinyStore : IAsyncLifetime
{
    /// <summary>The collection of the test classes that share it.</summary>
    public const string Collection = "tiny store";

    /// <summary>Network, clips and steps as small as they can be: what is tested is what happens around them.</summary>
    private const string RecipeText = """
        name: tiny
        method: avts
        clip: { frames: 8, frame_rate: 25/2, size: 32, audio_seconds: 0.64 }
        video: { name: mc3_18, width: 0.125, stages: 2 }
        audio: { name: vgg_m, width: 0.125 }
        head: { time_bins: 4, hidden: 32, embedding: 16 }
        avts:
          curriculum:
            - { epochs: 1, easy: 1 }
            - { epochs: 1, easy: 0.5, hard: 0.5 }
        training: { epoch_size: 16, batch: 8, threads: 1, workers: 1, log_every: 1, validation_clips: 8, statistics_clips: 8 }
        """;

    private readonly Lazy<string> trained;

    public TinyStore() => trained = new Lazy<string>(Train);

    /// <summary>The working folder; it has <c>tiny.yaml</c>, <c>store</c> (labels and splits) and <c>other</c> (neither).</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("duet-tiny-").FullName;

    /// <summary>The name of a folder with a finished run.</summary>
    public string Run => trained.Value;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(In("tiny.yaml"), RecipeText);
        await SceneSet.WriteAsync(new SceneSetOptions { Count = 10, Seconds = 3, Width = 64, Height = 48 }, In("videos"));
        var videos = Directory.GetFiles(In("videos"), "*.mp4", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();
        await File.WriteAllLinesAsync(
            In("list.csv"),
            videos.Select((video, i) => $"{video},{(i % 2 == 0 ? "this" : "that")},{(i < 4 ? "train" : i < 7 ? "val" : "test")}").Prepend("path,label,split"));
        await File.WriteAllLinesAsync(In("list.txt"), videos[..2]);
        Done(Duet("ingest", "list.csv", "--store", "store"));
        Done(Duet("ingest", "list.txt", "--store", "other"));
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>A path below <see cref="Folder"/>.</summary>
    public string In(params string[] parts) => Path.Combine([Folder, .. parts]);

    /// <summary>Runs the command in <see cref="Folder"/>.</summary>
    internal DuetResult Duet(params string[] arguments) => DuetProcess.RunIn(Folder, environment: null, arguments);

    private string Train()
    {
        Done(Duet("pretrain", "tiny.yaml", "--store", "store", "--run", "trained"));
        return "trained";
    }

    private static void Done(DuetResult result)
    {
        if (result.ExitCode != 0)
        {
            throw new InvalidOperationException($"exit code {result.ExitCode}: {result.Error}{result.Output}");
        }
    }
}

[CollectionDefinition(TinyStore.Collection)]
public sealed class TinyStoreGroup : ICollectionFixture<TinyStore>;
