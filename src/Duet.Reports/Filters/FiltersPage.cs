using System.Globalization;
using System.Xml.Linq;
using Duet.Reports.Sections;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Filters;

/// <summary>The page of first filters: learned beside random, at a scale that the reader chooses.</summary>
internal static class FiltersPage
{
    /// <summary>The page as text.</summary>
    public static string Draw(string run, IReadOnlyList<EncoderFilters> encoders, IReadOnlyList<FilterMeasures> measures, DateTimeOffset written) => Shell.Draw(new ShellContent
    {
        Title = $"First filters of {run}",
        Subtitle = [Outside(string.Join(" · ", encoders.Select(e => $"{e.Network}, {e.Method}, step {Numbers.Count(e.Step)}")))],
        Lead = Switch(),
        Sections = [.. encoders.SelectMany(e => e.Banks.Select((b, i) => Bank(e, b, i))), InNumbers(measures), Reading(encoders, measures)],
        Written = written,
        Styles = ["filters.css"],
    });

    /// <summary>Two hidden radio buttons choose by style sheet alone which drawings are shown: the page needs no script.</summary>
    private static IReadOnlyList<XElement> Switch() =>
    [
        E("input", A("class", "scales"), A("type", "radio"), A("name", "scale"), A("id", "own"), A("checked", "checked")),
        E("input", A("class", "scales"), A("type", "radio"), A("name", "scale"), A("id", "common")),
        C("div", "switch", "Scale: ", E("label", A("for", "own"), "each filter its own"), E("label", A("for", "common"), "one for learned and random")),
    ];

    private static Section Bank(EncoderFilters encoder, FilterBank bank, int index)
    {
        var layout = FilterLayout.Of(bank.Shape, encoder.Modality);
        double scale = FilterSheet.CommonScale(bank);
        string kind = layout switch
        {
            { Temporal: true } => "temporal filters",
            { Spectral: true } => "filters",
            { Slices: 1 } => "spatial filters",
            _ => "space-time filters",
        };
        return new Section(
            $"{encoder.Modality}-{index}",
            $"{Capital(encoder.Modality)}: {kind} of conv1",
            [
                E("p", How(layout), " ", E("span", "Parameter "), Code(bank.Name), $", {string.Join(" × ", bank.Shape)}."),
                layout.Colour ? E("p", "Mid-grey is a weight of zero; a colour is what the filter looks for in red, green and blue.") : E("p", "Below zero", C("span", "legend-bar", A("aria-hidden", "true")), "above zero; near white is zero."),
                Pair("in-own", "each filter at its own scale", null),
                Pair("in-common", $"full strength is ±{Numbers.Plain(scale)}", scale),
            ]);

        XElement Pair(string css, string note, double? full) => C(
            "div",
            $"pair {css}",
            Figure($"Learned, {encoder.Method}", note, FilterSheet.Draw(bank.Learned, layout, full)),
            Figure($"Random, seed {encoder.Seed}", note, FilterSheet.Draw(bank.Random, layout, full)),
            encoder.OwnStart ? Figure("Learned minus random", note, FilterSheet.Draw([.. bank.Learned.Zip(bank.Random, (a, b) => a - b)], layout, full)) : null);
    }

    private static XElement Figure(string name, string note, FilterSheet sheet) => E(
        "figure",
        E("figcaption", Outside(name), E("span", note)),
        C("img", "sheet", A("alt", $"{name}: the filters as pictures, {note}"), A("width", sheet.Width), A("height", sheet.Height), A("src", "data:image/png;base64," + Convert.ToBase64String(sheet.Png))));

    private static string How(FilterLayout layout) => layout switch
    {
        { Temporal: true } => $"{layout.Filters} filters over {layout.Slices} time steps (left to right, earliest first) of the {layout.Channels} maps of the spatial filters (top to bottom).",
        { Spectral: true } => $"{layout.Filters} filters of {layout.Rows} time steps (to the right) by {layout.Columns} mel bands (upwards, lowest at the bottom).",
        { Slices: 1 } => $"{layout.Filters} filters of {layout.Columns} × {layout.Rows} pixels.",
        _ => $"{layout.Filters} filters of {layout.Columns} × {layout.Rows} pixels over {layout.Slices} time steps: the pictures that touch are one filter's, earliest first.",
    };

    private static Section InNumbers(IReadOnlyList<FilterMeasures> measures) => new("numbers", "In numbers",
    [
        Tables.Draw(
            ["parameter", "", "rms weight", "cosine to random", "roughness", "still share", "grey share"],
            measures.SelectMany(m => new IReadOnlyList<object?>[]
            {
                [Outside($"{m.Modality} {m.Name}"), "learned", Numbers.Plain(m.Rms), Numbers.Score(m.CosineToRandom), Numbers.Score(m.Roughness), Numbers.Percent(m.StillShare), Numbers.Percent(m.GreyShare)],
                ["", "random", Numbers.Plain(m.RandomRms), "", Numbers.Score(m.RandomRoughness), Numbers.Percent(m.RandomStillShare), Numbers.Percent(m.RandomGreyShare)],
            })),
    ]);

    private static Section Reading(IReadOnlyList<EncoderFilters> encoders, IReadOnlyList<FilterMeasures> measures)
    {
        var notes = new List<string>
        {
            "Each filter its own: every filter is divided by its largest weight, so that patterns show whatever their strength. One for both: all filters of a bank, learned and random, are divided by the size that 99.9 % of their weights stay below, so that strengths compare; what is larger is drawn at full strength.",
            encoders.All(e => e.OwnStart)
                ? "The random filters are the same network's first weights at the run's seed: filter n of the run stands where filter n of the start stood. A run that began from other weights than these has nothing to do with them."
                : "The random filters are the same network's first weights at the seed that is named; the encoder's file doesn't say which seed the run had.",
            "Learned minus random is what training added, which noise from the start can hide. Cosine to random: 1 where the weights kept their direction, near 0 where nothing of it is left.",
            "Roughness: squared difference of neighbouring weights, 1 for noise, near 0 for smooth patterns. Still share: the energy that doesn't change over time, a third for noise over three steps. Grey share: the energy that red, green and blue have in common, a third for noise.",
        };
        if (measures.Sum(m => m.NotFinite) is > 0 and var broken)
        {
            notes.Insert(0, $"{broken} learned weights are not finite; they are drawn black. This encoder can't be used.");
        }

        return new Section("notes", "How to read this", [C("ul", "notes", notes.Select(n => E("li", n)))]);
    }

    private static string Capital(string text) => text.Length == 0 ? text : char.ToUpper(text[0], CultureInfo.InvariantCulture) + text[1..];
}
