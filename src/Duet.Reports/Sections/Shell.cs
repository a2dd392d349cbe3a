using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Duet.Reports.Html;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Sections;

/// <summary>What goes into the frame that all pages share.</summary>
internal sealed record ShellContent
{
    public required string Title { get; init; }
    public required IEnumerable<object> Subtitle { get; init; }

    /// <summary>What stands above the first section.</summary>
    public IReadOnlyList<XElement> Lead { get; init; } = [];
    public required IReadOnlyList<Section> Sections { get; init; }
    public required DateTimeOffset Written { get; init; }

    /// <summary>Style sheets among the assembly's resources, after the common one.</summary>
    public IReadOnlyList<string> Styles { get; init; } = [];

    /// <summary>The script among the assembly's resources; most pages have none, and then none may run.</summary>
    public string? Script { get; init; }

    /// <summary>JSON that the script reads from the element <c>data</c>.</summary>
    public string? ScriptData { get; init; }

    /// <summary>Whether the page plays sound.</summary>
    public bool Sound { get; init; }
}

/// <summary>The frame of a page: head, policy, brand, contents, footer. One file that needs nothing else.</summary>
internal static class Shell
{
    /// <summary>The page as text.</summary>
    public static string Draw(ShellContent content)
    {
        string? script = content.Script is { } name ? Resource(name) : null;
        var html = E(
            "html",
            A("lang", "en"),
            E(
                "head",
                E("meta", A("charset", "utf-8")),
                E("meta", A("name", "viewport"), A("content", "width=device-width, initial-scale=1")),
                E("meta", A("http-equiv", "Content-Security-Policy"), A("content", Policy(content, script))),
                E("meta", A("name", "color-scheme"), A("content", "light dark")),
                E("meta", A("name", "generator"), A("content", $"Duet {Version}")),
                E("title", $"{content.Title} – Duet"),
                E("style", Resource("report.css"), content.Styles.Select(Resource))),
            E(
                "body",
                Header(content),
                E("main", content.Lead, content.Sections.Select(s => s.Draw())),
                E("footer", $"Duet {Version} · written {content.Written.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC"),
                content.ScriptData is { } data ? E("script", A("type", "application/json"), A("id", "data"), data) : null,
                script is not null ? E("script", script) : null));
        return PageWriter.Write(html);
    }

    private static string Version => typeof(Shell).Assembly.GetName().Version?.ToString(3) ?? "0";

    /// <summary>Nothing may be loaded or sent, and no script may run but the one that the page itself brings: the browser enforces what the page promises.</summary>
    private static string Policy(ShellContent content, string? script)
    {
        string hash = script is null ? "" : $" script-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)))}';";
        return $"default-src 'none'; img-src data:;{(content.Sound ? " media-src data:;" : "")}{hash} style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
    }

    private static XElement Header(ShellContent content) => E(
        "header",
        C("div", "brand", Logo(), E("span", "Duet")),
        E("h1", Outside(content.Title)),
        C("p", "subtitle", content.Subtitle),
        E("nav", A("aria-label", "Sections"), content.Sections.Select(s => E("a", A("href", "#" + s.Id), s.Name))));

    /// <summary>Two waves in step.</summary>
    private static XElement Logo() => C(
        "svg",
        "logo",
        A("viewBox", "0 0 32 20"),
        A("aria-hidden", "true"),
        C("path", "wave-a", A("d", "M1 10C4 -2 8 -2 11 10S18 22 21 10 28 -2 31 10")),
        C("path", "wave-b", A("d", "M1 10C4 2 8 2 11 10S18 18 21 10 28 2 31 10")));

    /// <summary>A text that is built into the assembly, with line ends that no checkout changes: a script's hash depends on them.</summary>
    private static string Resource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The assembly lacks {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
