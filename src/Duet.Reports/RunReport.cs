using System.Text.Json;
using Duet.Data;
using Duet.Data.Files;
using Duet.Data.Store;
using Duet.Reports.Html;
using Duet.Reports.Input;
using Duet.Reports.Sections;

namespace Duet.Reports;

/// <summary>What a report shows beyond what lies in the run folder.</summary>
public sealed record RunReportOptions
{
    /// <summary>The store, for the pictures. Null: where the run says that its store is. One that can't be opened costs the report its pictures, and the report says so.</summary>
    public string? StoreDirectory { get; init; }

    /// <summary>The command that made the run, as it was typed. Null: what the run's environment says.</summary>
    public string? Command { get; init; }

    /// <summary>The page's title. Null: the run's name.</summary>
    public string? Title { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>Writes a run's or a demo's <c>report.html</c>: one file that needs nothing else, not even a network.</summary>
public static class RunReport
{
    /// <summary>The report's file name.</summary>
    public const string FileName = "report.html";

    /// <summary>Reads the folder and writes <c>report.html</c> into it, whole or not at all.</summary>
    /// <param name="runFolder">A run's folder, or a demo's that holds its run in <c>run</c>. Whatever is missing is left out.</param>
    /// <param name="options">What else to show.</param>
    /// <returns>The report's path.</returns>
    /// <exception cref="ReportException">There is nothing to report, or a file is malformed: the message names file and line.</exception>
    /// <exception cref="FileWriteException">The report can't be written.</exception>
    public static string Write(string runFolder, RunReportOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(runFolder);
        options ??= new RunReportOptions();
        var files = RunFilesReader.Read(runFolder);
        var (store, problem) = OpenStore(files, options.StoreDirectory);
        string html;
        using (store)
        {
            html = Page.Draw(new ReportContext
            {
                Files = files,
                Title = options.Title ?? files.Recipe.Name ?? files.Sync?.Run.Text() ?? files.Probe?.Run.Text() ?? (files.Finetunings is [.., var last] ? last.Protocol : null) ?? Path.GetFileName(Path.GetFullPath(runFolder).TrimEnd('/')),
                Command = options.Command,
                Store = store,
                StoreProblem = problem,
                Written = options.Time.GetUtcNow(),
            });
        }

        string path = Path.Combine(runFolder, FileName);
        AtomicFile.WriteAllText(path, html);
        return path;
    }

    /// <summary>The pictures are worth a try, not a failure: a report outlives its store.</summary>
    private static (DiskStoreView? Store, string? Problem) OpenStore(RunFiles files, string? asked)
    {
        string? directory = asked ?? Recorded(files);
        if (directory is null)
        {
            return (null, "The run doesn't say where its store is, so the pictures are left out. Give it with --store.");
        }

        try
        {
            return (DiskStoreView.Open(directory), null);
        }
        catch (StoreException) when (asked is null)
        {
            return (null, $"The store that the run was made from isn't at '{directory}' any more, so the pictures are left out. Give its place with --store.");
        }
    }

    /// <summary>The first place that exists, of those that the run's files name; else the first named.</summary>
    private static string? Recorded(RunFiles files)
    {
        string?[] named =
        [
            files.Store.Find("path", "directory", "store").Text(),
            files.Demo?.Store.Find("path", "directory", "store").Text(),
            files.Sync?.Store.Text(),
            files.Sync?.Store.Find("path", "directory").Text(),
            files.Probe?.Store.Text(),
            files.Retrieval?.Store.Text(),
            files.Finetunings.Count > 0 ? files.Finetunings[^1].Store.Text() : null,
        ];
        var places = named.OfType<string>().Where(n => n.Length > 0)
            .SelectMany(n => new[] { n, Path.Combine(files.Folder, n) })
            .Append(Path.Combine(files.Folder, "store")).ToList();
        return places.FirstOrDefault(Directory.Exists) ?? named.OfType<string>().FirstOrDefault();
    }
}
