using System.Globalization;

namespace Duet.Tests.Shared.Soak;

/// <summary>What the system says of a process: Linux's <c>/proc</c>.</summary>
internal static class Vitals
{
    public const string Memory = "resident memory, MB";
    public const string Handles = "open handles";
    public const string Threads = "threads";
    public const string Children = "child processes";

    /// <summary>Measures a living process; null where it has just ended.</summary>
    public static (string Name, double Value)[]? Of(int process)
    {
        var root = string.Create(CultureInfo.InvariantCulture, $"/proc/{process}");
        try
        {
            var pages = long.Parse(File.ReadAllText($"{root}/statm").Split(' ')[1], CultureInfo.InvariantCulture);
            var tasks = Directory.GetDirectories($"{root}/task");
            return
            [
                (Memory, pages * Environment.SystemPageSize / 1e6),
                (Handles, Directory.GetFileSystemEntries($"{root}/fd").Length),
                (Threads, tasks.Length),
                (Children, tasks.Sum(ChildrenOf)),
            ];
        }
        catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException || (e is IOException && !Directory.Exists(root)))
        {
            return null;
        }
    }

    private static int ChildrenOf(string task)
    {
        try
        {
            return File.ReadAllText($"{task}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
        }
        catch (IOException) when (!Directory.Exists(task))
        {
            return 0; // the thread has ended meanwhile
        }
    }
}
