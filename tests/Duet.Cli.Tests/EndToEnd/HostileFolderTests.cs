using Duet.Cli.Tests.Support;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

/// <summary>
/// Runs, stores and files from strangers in which something else stands in a file's place: a pipe that nobody writes into, a link to zeros without end, a link to a file of the
/// user's. Each call ends, says what is wrong without a stack trace, and leaves the user's file alone.
/// </summary>
[Collection(TinyStore.Collection)]
[Trait("Category", "Slow")]
public sealed class HostileFolderTests(TinyStore tiny)
{
    private const string Precious = "precious";

    private static readonly string[] Kinds = ["pipe", "zeros", "precious"];

    [Fact]
    public void A_run_that_is_resumed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "pipes and links of Linux");
        string[] pretrain = ["pretrain", "tiny.yaml", "--store", "store", "--set", "training.checkpoint_every=1", "--run"];
        tiny.Duet([.. pretrain, "hostile-run"]).ExitCode.ShouldBe(0);
        File.Delete(Directory.GetFiles(tiny.In("hostile-run", "checkpoints"), "*.json").Order(StringComparer.Ordinal).Last()); // so that there is something left to do
        var files = Directory.GetFiles(tiny.In("hostile-run"), "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(tiny.In("hostile-run"), f))
            .Where(f => !f.StartsWith("tensorboard", StringComparison.Ordinal)).Concat(["run.pid", "run.lock"]).Distinct().ToArray();
        files.Length.ShouldBeGreaterThan(8);
        foreach (var (file, kind) in files.SelectMany(file => Kinds.Select(kind => (file, kind))))
        {
            Copy("hostile-run", "hostile-copy");
            Put(tiny.In("hostile-copy", file), kind);
            Ends(kind, file, [.. pretrain, "hostile-copy", "--resume"]);
        }
    }

    [Fact]
    public void A_store_that_is_read_checked_and_gone_on_with()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "pipes and links of Linux");
        string[] files = ["catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm", "catalog.sqlite-journal", "ingest.lock", "ingest.holder", "shards/shard-000000.tar"];
        foreach (var (file, kind) in files.SelectMany(file => Kinds.Select(kind => (file, kind))))
        {
            foreach (var verb in new string[][] { ["store", "info", "hostile-store"], ["store", "verify", "hostile-store"], ["ingest", "list.txt", "--store", "hostile-store"] })
            {
                Copy("other", "hostile-store");
                Put(tiny.In("hostile-store", file), kind);
                Ends(kind, file, verb);
            }
        }
    }

    /// <summary>A shard that the catalog says is empty would be begun anew.</summary>
    [Theory]
    [InlineData("spool")]
    [InlineData("shards")]
    public void A_folder_of_a_store_that_is_a_link(string name)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "links of Linux");
        Copy("other", "hostile-store");
        Directory.CreateDirectory(tiny.In("victim"));
        if (Directory.Exists(tiny.In("hostile-store", name)))
        {
            Directory.Delete(tiny.In("hostile-store", name), recursive: true);
        }

        foreach (var file in new[] { "photo.jpg", "shard-000007.tar", new string('a', 32) + ".pcm" })
        {
            File.WriteAllText(tiny.In("victim", file), Precious);
        }

        Directory.CreateSymbolicLink(tiny.In("hostile-store", name), tiny.In("victim"));
        tiny.Duet("ingest", "list.csv", "--store", "hostile-store").ShouldBeOneError(1, $"'{tiny.In("victim")}'", "writes through no link");
        Directory.GetFiles(tiny.In("victim")).Length.ShouldBe(3);
        Directory.GetFiles(tiny.In("victim")).ShouldAllBe(f => File.ReadAllText(f) == Precious);
    }

    [Theory]
    [InlineData("weights", "inspect", "FILE")]
    [InlineData("weights", "import", "FILE", "--out", "x.safetensors")]
    [InlineData("recipes", "check", "FILE")]
    [InlineData("cluster", "FILE", "-k", "2", "--out", "x.parquet")]
    [InlineData("extract", "FILE", "--store", "store", "--out", "x.npy")]
    [InlineData("eval", "probe", "FILE", "--store", "store", "--out", "x.json")]
    public void A_file_that_is_none(params string[] command)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "pipes and links of Linux");
        foreach (var kind in Kinds)
        {
            var file = command[0] == "recipes" ? "none.yaml" : command[0] == "cluster" ? "none.parquet" : "none.safetensors";
            Put(tiny.In(file), kind);
            Ends(kind, file, [.. command.Select(word => word == "FILE" ? file : word)], fails: true);
            File.Delete(tiny.In(file));
        }
    }

    private void Ends(string kind, string file, string[] command, bool fails = false)
    {
        var result = tiny.Duet(command);
        var what = $"{string.Join(' ', command)} with {kind} at {file}:\n{result.Output}{result.Error}";
        result.ExitCode.ShouldBeInRange(fails ? 1 : 0, 2, what);
        result.Error.ShouldNotContain("bug in Duet", customMessage: what);
        result.Error.ShouldNotContain("   at ", customMessage: what);
        File.ReadAllText(tiny.In("precious.txt")).ShouldBe(Precious, what);
    }

    /// <summary>Puts something else into a file's place.</summary>
    private void Put(string path, string kind)
    {
        File.WriteAllText(tiny.In("precious.txt"), Precious);
        File.Delete(path);
        switch (kind)
        {
            case "pipe":
                using (var make = System.Diagnostics.Process.Start("mkfifo", [path]))
                {
                    make.WaitForExit();
                    make.ExitCode.ShouldBe(0);
                }

                break;
            case "zeros":
                File.CreateSymbolicLink(path, "/dev/zero");
                break;
            default:
                File.CreateSymbolicLink(path, tiny.In("precious.txt"));
                break;
        }
    }

    private void Copy(string from, string to)
    {
        if (Directory.Exists(tiny.In(to)))
        {
            Directory.Delete(tiny.In(to), recursive: true);
        }

        foreach (var file in Directory.GetFiles(tiny.In(from), "*", SearchOption.AllDirectories))
        {
            var target = tiny.In(to, Path.GetRelativePath(tiny.In(from), file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
