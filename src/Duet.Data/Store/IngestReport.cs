using Microsoft.Data.Sqlite;

namespace Duet.Data.Store;

/// <summary>Says what became of every file that an ingest was given, those of earlier calls included.</summary>
internal static class IngestReport
{
    public static IngestSummary Make(SqliteConnection catalog, string store, StoreStreams streams, SourceList sources, IngestPlan plan, TimeSpan elapsed)
    {
        var asked = plan.All.Select(file => file.FullPath).ToHashSet(StringComparer.Ordinal);
        var quarantined = new List<QuarantinedSource>(sources.Skipped);
        var (ready, videos, seconds) = (0, 0, 0.0);
        using var command = catalog.Command("SELECT source, path, status, reason, detail, seconds FROM videos");
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var isAsked = asked.Contains(reader.GetString(0));
            if (string.Equals(reader.GetString(2), "ready", StringComparison.Ordinal))
            {
                ready += isAsked ? 1 : 0;
                videos++;
                seconds += reader.Real("seconds") ?? 0;
            }
            else if (isAsked)
            {
                quarantined.Add(new QuarantinedSource(reader.GetString(1), reader.Text("reason") ?? "unknown", reader.Text("detail") ?? ""));
            }
        }

        quarantined.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return new IngestSummary
        {
            Store = store,
            Layout = sources.Layout,
            Streams = streams,
            Files = plan.All.Count + sources.Skipped.Count + sources.Unnamed,
            Processed = plan.ToDo.Count,
            Unchanged = plan.All.Count - plan.ToDo.Count,
            Ready = ready,
            Quarantined = quarantined,
            Missing = sources.Missing,
            Unlisted = sources.Unlisted,
            LinkedFolders = sources.LinkedFolders,
            OtherFiles = sources.OtherFiles,
            StoreSeconds = seconds,
            StoreVideos = videos,
            Elapsed = elapsed.TotalSeconds,
        };
    }
}
