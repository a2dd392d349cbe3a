using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Sections;

/// <summary>A run's report, whole.</summary>
internal static class Page
{
    /// <summary>The page as text.</summary>
    public static string Draw(ReportContext context)
    {
        var sections = Sections(context).ToList();
        return Shell.Draw(new ShellContent
        {
            Title = context.Title,
            Subtitle = Subtitle(context),
            Lead = HeadlineSection.Draw(context),
            Sections = sections,
            Written = context.Written,
        });
    }

    private static IEnumerable<Section> Sections(ReportContext context)
    {
        Section?[] found = [ExamplesSection.Draw(context), SyncSection.Draw(context), ProbeSection.Draw(context), FinetuneSection.Draw(context), RetrievalSection.Draw(context), TrainingSection.Draw(context)];
        return found.OfType<Section>().Concat(ProvenanceSection.Draw(context)).Append(NotesSection.Draw(context));
    }

    private static IEnumerable<object> Subtitle(ReportContext context)
    {
        var recipe = context.Files.Recipe;
        var facts = new List<string>();
        if (context.Files.Demo is not null)
        {
            facts.Add("The whole way on generated videos: written, ingested, learned from, judged on others");
        }

        if (recipe.Method is { } method)
        {
            facts.Add(method.ToUpperInvariant());
        }

        if (recipe.Video is { } video && recipe.Audio is { } audio)
        {
            facts.Add($"{video} + {audio}");
        }

        if (recipe.ClipFrames is { } frames && recipe.ClipSize is { } size)
        {
            facts.Add($"{frames} frames of {size} × {size}" + (recipe.ClipRate is { } rate ? $" at {rate} fps" : ""));
        }

        if (recipe.AudioSeconds is { } seconds)
        {
            facts.Add($"{seconds} s of sound");
        }

        return facts.Select((f, i) => (object)new object?[] { i > 0 ? " · " : null, Outside(f) });
    }
}
