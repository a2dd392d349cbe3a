using System.Globalization;
using System.Reflection;
using System.Xml.Linq;
using Duet.Reports.Html;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Sections;

/// <summary>The whole page.</summary>
internal static class Page
{
    /// <summary>Nothing may be loaded, run or sent: the browser enforces what the page promises.</summary>
    private const string Policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

    /// <summary>The page as text.</summary>
    public static string Draw(ReportContext context)
    {
        var sections = Sections(context).ToList();
        var html = E(
            "html",
            A("lang", "en"),
            E(
                "head",
                E("meta", A("charset", "utf-8")),
                E("meta", A("name", "viewport"), A("content", "width=device-width, initial-scale=1")),
                E("meta", A("http-equiv", "Content-Security-Policy"), A("content", Policy)),
                E("meta", A("name", "color-scheme"), A("content", "light dark")),
                E("meta", A("name", "generator"), A("content", $"Duet {Version}")),
                E("title", $"{context.Title} – Duet"),
                E("style", StyleSheet)),
            E(
                "body",
                Header(context, sections),
                E("main", HeadlineSection.Draw(context), sections.Select(s => s.Draw())),
                E("footer", $"Duet {Version} · written {context.Written.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC")));
        return PageWriter.Write(html);
    }

    private static string Version => typeof(Page).Assembly.GetName().Version?.ToString(3) ?? "0";

    private static string StyleSheet { get; } = ReadStyleSheet();

    private static IEnumerable<Section> Sections(ReportContext context)
    {
        Section?[] found = [ExamplesSection.Draw(context), SyncSection.Draw(context), ProbeSection.Draw(context), TrainingSection.Draw(context)];
        return found.OfType<Section>().Concat(ProvenanceSection.Draw(context)).Append(NotesSection.Draw(context));
    }

    private static XElement Header(ReportContext context, List<Section> sections) => E(
        "header",
        C("div", "brand", Logo(), E("span", "Duet")),
        E("h1", Outside(context.Title)),
        C("p", "subtitle", Subtitle(context)),
        E("nav", A("aria-label", "Sections"), sections.Select(s => E("a", A("href", "#" + s.Id), s.Name))));

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

    /// <summary>Two waves in step.</summary>
    private static XElement Logo() => C(
        "svg",
        "logo",
        A("viewBox", "0 0 32 20"),
        A("aria-hidden", "true"),
        C("path", "wave-a", A("d", "M1 10C4 -2 8 -2 11 10S18 22 21 10 28 -2 31 10")),
        C("path", "wave-b", A("d", "M1 10C4 2 8 2 11 10S18 18 21 10 28 2 31 10")));

    private static string ReadStyleSheet()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("report.css")
            ?? throw new InvalidOperationException("The assembly lacks its style sheet.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
