using System.Text.Json;
using Duet.Reports.Input;

namespace Duet.Reports.Results;

/// <summary>A file that should be a result and can't be read.</summary>
/// <param name="Path">The file.</param>
/// <param name="Reason">Why.</param>
public sealed record SkippedResult(string Path, string Reason);

/// <summary>Finds the results under folders: every <c>result.json</c> and <c>eval-*.json</c>.</summary>
internal static class ResultFiles
{
    private const int DeepestFolder = 12;

    /// <summary>Folders that hold no result and may hold very many files.</summary>
    private static readonly HashSet<string> NoResults = new(StringComparer.Ordinal) { "checkpoints", "encoders", "tensorboard", "shards", ".git" };

    /// <summary>The files' paths, each once, in an order that does not depend on the file system's.</summary>
    /// <param name="folders">Where to look.</param>
    /// <param name="skipped">Hears of folders that can't be read.</param>
    /// <exception cref="ReportException">A folder does not exist.</exception>
    public static IReadOnlyList<string> Find(IEnumerable<string> folders, List<SkippedResult> skipped)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string folder in folders)
        {
            if (!Directory.Exists(folder))
            {
                throw new ReportException($"{folder} is no folder. Give folders of runs, or one that holds several.");
            }

            Walk(Path.GetFullPath(folder), DeepestFolder, found, skipped);
        }

        return [.. found];
    }

    private static void Walk(string folder, int depth, SortedSet<string> found, List<SkippedResult> skipped)
    {
        try
        {
            foreach (string path in Directory.EnumerateFiles(folder, "*.json"))
            {
                string name = Path.GetFileName(path);
                if (name == "result.json" || name.StartsWith("eval-", StringComparison.Ordinal))
                {
                    found.Add(path);
                }
            }

            foreach (var inner in new DirectoryInfo(folder).EnumerateDirectories())
            {
                // A link may lead back up; what it leads to can be named itself.
                if (depth > 0 && !NoResults.Contains(inner.Name) && inner.LinkTarget is null)
                {
                    Walk(inner.FullName, depth - 1, found, skipped);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            skipped.Add(new SkippedResult(folder, e.Message));
        }
    }

    /// <summary>Reads a file.</summary>
    /// <returns>Its numbers; none where it is a result of another kind.</returns>
    /// <exception cref="ReportException">It is no result, is damaged, or holds what can't be.</exception>
    public static IReadOnlyList<Measured> Read(string path)
    {
        byte[] bytes = Json.ReadFile(path) ?? throw new ReportException($"{path} is gone.");
        JsonElement? root = Json.Parse<JsonElement>(path, bytes);
        if (root.Find("format").Text() is not { } format || !format.StartsWith("duet.result/", StringComparison.Ordinal))
        {
            throw new ReportException("no result of Duet: it has no \"format\": \"duet.result/1\".");
        }

        if (format != "duet.result/1")
        {
            throw new ReportException($"its format is {format}; this version of Duet reads duet.result/1.");
        }

        return root.Find("kind").Text() is "probe" or "finetune" or "retrieval" or "sync"
            ? [.. MeasuredNumbers.Of(Json.Parse<ResultFile>(path, bytes), RunFacts.Above(path), path)]
            : [];
    }
}
