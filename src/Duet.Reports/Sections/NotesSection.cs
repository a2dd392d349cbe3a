using Duet.Reports.Input;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Sections;

/// <summary>What a reader must know before quoting a number from this page.</summary>
internal static class NotesSection
{
    public static Section Draw(ReportContext context)
    {
        var notes = new List<string>();
        var (sync, probe, metrics) = (context.Files.Sync, context.Files.Probe, context.Files.Metrics);
        if ((context.Files.Demo?.Seed ?? sync?.Seed) is { } seed)
        {
            notes.Add($"One run with one seed ({seed}). The intervals say how far the numbers would move with other test videos; they don't hold what another seed would change.");
        }
        else if (sync is not null || probe is not null)
        {
            notes.Add("One run. The intervals say how far the numbers would move with other test videos; they don't hold what another seed would change.");
        }

        if (sync?.Test is { } test)
        {
            notes.Add($"Sync numbers: {Numbers.Count(test.Videos)} videos, {Numbers.Count(test.Pairs)} pairs. Pairs of one video resemble each other, so the videos, not the pairs, are the sample.");
        }

        if (sync?.Validation is { } validation)
        {
            notes.Add($"The threshold was chosen once, on {Numbers.Count(validation.Videos)} validation videos that are neither in training nor in the test; AUC needs no threshold.");
        }

        if (probe?.Results?.Select(r => r.PerClass?.Values.Sum(c => c?.Support ?? 0)).FirstOrDefault(n => n > 0) is { } videos)
        {
            int classes = probe.Results.Max(r => r.PerClass?.Count ?? 0);
            notes.Add($"Probe numbers: {Numbers.Count(videos)} videos of {classes} kinds. Labels were used for the linear classifier only, never for the encoders.");
        }

        if (probe?.Results?.Any(r => r.Converged == false) == true)
        {
            notes.Add("Not every linear classifier reached its tolerance: the probe numbers may be a little low.");
        }

        int gaps = metrics.Train.Count(m => m.Loss is not { } loss || !double.IsFinite(loss));
        if (gaps > 0)
        {
            notes.Add($"{Numbers.Count(gaps)} of {Numbers.Count(metrics.Train.Count)} training lines have no finite loss: the curve has gaps there.");
        }

        if (metrics.TornLastLine)
        {
            notes.Add("The last line of metrics.jsonl is torn: the run was stopped while it wrote, and that line is left out.");
        }

        if (sync is null && probe is null && context.Files.Finetunings.Count == 0)
        {
            notes.Add(context.Files.Recipe.Method is null or "avts"
                ? "Nobody has judged this run on held-out videos yet: \"duet eval sync\" and \"duet eval probe\" do."
                : "Nobody has judged this run on held-out videos yet: \"duet eval probe\" does. \"duet clusters\" shows what was clustered.");
        }

        notes.Add("The page needs no network: it holds everything that it shows."
            + (context.Files.Sources.Count > 0 ? $" Its numbers are from {string.Join(", ", context.Files.Sources)}." : ""));
        return new Section("notes", "Read this before quoting a number", [C("ul", "notes", notes.Select(n => E("li", n)))]);
    }
}
