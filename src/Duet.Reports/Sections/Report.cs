using System.Xml.Linq;
using Duet.Reports.Input;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Sections;

/// <summary>What the sections are made of: the run's files, and what else a report was asked to show.</summary>
internal sealed record ReportContext
{
    public required RunFiles Files { get; init; }
    public required string Title { get; init; }
    public string? Command { get; init; }
    public IStoreView? Store { get; init; }

    /// <summary>Why there are no pictures, where there are none.</summary>
    public string? StoreProblem { get; init; }

    /// <summary>When the report was written, UTC.</summary>
    public required DateTimeOffset Written { get; init; }
}

/// <summary>A part of the page with an anchor; <see cref="Body"/> is empty where the run has nothing for it.</summary>
internal sealed record Section(string Id, string Name, IReadOnlyList<XElement> Body)
{
    public XElement Draw() => E("section", A("id", Id), E("h2", Name), Body);
}

/// <summary>A table that scrolls sideways on a phone rather than squeezing its numbers.</summary>
internal static class Tables
{
    public static XElement Draw(IReadOnlyList<object> head, IEnumerable<IReadOnlyList<object?>> rows, string cssClass = "numbers") =>
        C("div", "scroll", C(
            "table",
            cssClass,
            E("thead", E("tr", head.Select(cell => E("th", A("scope", "col"), cell)))),
            E("tbody", rows.Select(row => E("tr", row.Select((cell, i) => i == 0 ? E("th", A("scope", "row"), cell) : E("td", cell)))))));
}
