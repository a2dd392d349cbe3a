using System.Globalization;
using Duet.Data.Datasets;

namespace Duet.Reports.Results;

/// <summary>The numbers that the two papers print for the protocols that Duet has, as <c>published.csv</c> beside this file holds them.</summary>
public static class PublishedNumbers
{
    /// <summary>Numbers named for one row of results before the rest is only counted.</summary>
    private const int MostNamed = 3;

    private static readonly Lazy<IReadOnlyList<PublishedNumber>> Table = new(() => Read());

    /// <summary>All of them.</summary>
    public static IReadOnlyList<PublishedNumber> All => Table.Value;

    /// <summary>
    /// The numbers of the same cell: data set, protocol, modality and method must agree; what the encoders were pretrained on, a clip's frames and
    /// the clusters decide where they are known on both sides and leave something. Without a number of the method: the references that hold for all.
    /// </summary>
    /// <param name="row">A measured number.</param>
    public static IReadOnlyList<PublishedNumber> For(ResultRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        var cell = All.Where(p => p.Dataset == row.Dataset && p.Protocol == row.Kind && p.Modality == row.Modality && p.Layers == row.Layers && row.Measure is "top-1" or "sync").ToList();
        var own = cell.Where(p => p.Method.Length > 0 && p.Method == row.Method).ToList();
        var found = own.Count > 0 ? own : cell.Where(p => p.Method.Length == 0).ToList();
        found = Narrow(found, p => p.Pretraining.Length > 0 && Normal(row.Data).Contains(Normal(p.Pretraining), StringComparison.Ordinal));
        var longest = found.Where(p => Normal(row.Data).Contains(Normal(p.Pretraining), StringComparison.Ordinal)).Select(p => p.Pretraining.Length).DefaultIfEmpty(0).Max();
        found = Narrow(found, p => p.Pretraining.Length == longest); // audioset-240k, not audioset too
        found = Narrow(found, p => p.Frames is { } frames && frames == row.Frames);
        return Narrow(found, p => p.K is { } k && k == row.K);
    }

    /// <summary>The numbers in a cell of a table.</summary>
    /// <param name="numbers">What was found.</param>
    public static string InWords(IReadOnlyList<PublishedNumber> numbers)
    {
        ArgumentNullException.ThrowIfNull(numbers);
        var named = string.Join("; ", numbers.Take(MostNamed));
        return numbers.Count > MostNamed ? string.Create(CultureInfo.InvariantCulture, $"{named}; {numbers.Count - MostNamed} more") : named;
    }

    private static List<PublishedNumber> Narrow(List<PublishedNumber> numbers, Func<PublishedNumber, bool> fits) =>
        numbers.Exists(n => fits(n)) ? numbers.FindAll(n => fits(n)) : numbers;

    /// <summary>Letters and digits in lower case: a store is called <c>Kinetics_400</c> or <c>AudioSet-240k</c>.</summary>
    private static string Normal(string name) => string.Concat(name.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();

    private static List<PublishedNumber> Read()
    {
        using var stream = typeof(PublishedNumbers).Assembly.GetManifestResourceStream("published.csv")
            ?? throw new InvalidOperationException("published.csv is not in the assembly.");
        using var reader = new StreamReader(stream);
        var table = CsvTable.Parse("published.csv", reader.ReadToEnd());
        return [.. table.Rows.Select(row => Parse(column => row.Fields[table.Require(column)]))];
    }

    private static PublishedNumber Parse(Func<string, string> field) => new()
    {
        Dataset = field("dataset"),
        Protocol = field("protocol"),
        Layers = field("layers"),
        Modality = field("modality"),
        Method = field("method"),
        Pretraining = field("pretraining"),
        Frames = Whole(field("frames")),
        K = Whole(field("k")),
        Number = double.Parse(field("number"), CultureInfo.InvariantCulture),
        Splits = field("splits"),
        Source = field("source"),
        Certainty = field("certainty"),
        Note = field("note"),
    };

    private static int? Whole(string text) => text.Length == 0 ? null : int.Parse(text, CultureInfo.InvariantCulture);
}
