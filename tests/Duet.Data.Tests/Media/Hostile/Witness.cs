using System.Collections.Concurrent;
using Shouldly;

namespace Duet.Data.Tests.Media.Hostile;

/// <summary>Sees which files of a folder are read, by whatever process (inotify).</summary>
internal sealed class Witness : IDisposable
{
    /// <summary>Only to end what hangs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly string folder;
    private readonly FileSystemWatcher watcher;
    private readonly BlockingCollection<string> seen = [];
    private int marks;

    public Witness(string folder)
    {
        this.folder = folder;
        watcher = new FileSystemWatcher(folder) { NotifyFilter = NotifyFilters.LastAccess };
        watcher.Changed += (_, e) => seen.Add(Path.GetFileName(e.FullPath));
        watcher.EnableRaisingEvents = true;
    }

    /// <summary>The files that were read since the last call. The system tells in order: once a file that is read now is told of, everything before it has been.</summary>
    public IReadOnlySet<string> Read()
    {
        var mark = $"mark-{marks++}";
        File.WriteAllText(Path.Combine(folder, mark), "read me");
        File.ReadAllText(Path.Combine(folder, mark)).ShouldBe("read me");
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            seen.TryTake(out var name, Patience).ShouldBeTrue("the system tells of no reading at all");
            if (name == mark)
            {
                names.RemoveWhere(n => n.StartsWith("mark-", StringComparison.Ordinal));
                return names;
            }

            names.Add(name!);
        }
    }

    public void Dispose()
    {
        watcher.Dispose();
        seen.Dispose();
    }
}
