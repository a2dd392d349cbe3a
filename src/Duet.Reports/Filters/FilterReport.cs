using Duet.Data.Files;

namespace Duet.Reports.Filters;

/// <summary>A convolution's filters, learned and random.</summary>
/// <param name="Name">The parameter's name.</param>
/// <param name="Shape"><c>[out, in, (time,) height, width]</c>; of an audio network <c>[out, 1, time, mels]</c>.</param>
/// <param name="Learned">The run's weights in that order.</param>
/// <param name="Random">The same network's first weights.</param>
public sealed record FilterBank(string Name, IReadOnlyList<int> Shape, IReadOnlyList<float> Learned, IReadOnlyList<float> Random);

/// <summary>The first convolution of one encoder.</summary>
/// <param name="Modality"><c>video</c> or <c>audio</c>.</param>
/// <param name="Network">The network's name.</param>
/// <param name="Method">How it was learned.</param>
/// <param name="Step">After how many steps.</param>
/// <param name="Seed">The seed of the random weights beside it.</param>
/// <param name="OwnStart">Whether that is the run's own seed, so that the random weights are what it started from.</param>
/// <param name="Banks">Its convolutions, in the order in which they are applied.</param>
public sealed record EncoderFilters(string Modality, string Network, string Method, long Step, long Seed, bool OwnStart, IReadOnlyList<FilterBank> Banks);

/// <summary>Draws the first filters as one page that needs nothing else (XDC, Fig. 3; AVTS's conv1 likewise).</summary>
public static class FilterReport
{
    /// <summary>The page's file name in a run.</summary>
    public const string FileName = "filters.html";

    private const long MostWeights = 1 << 22;

    /// <summary>Writes the page, whole or not at all.</summary>
    /// <param name="path">Where.</param>
    /// <param name="run">The run's name.</param>
    /// <param name="encoders">What to draw.</param>
    /// <param name="time">The clock; the system's where null.</param>
    /// <returns>What the page says in numbers, in the order of the encoders and their banks.</returns>
    /// <exception cref="ArgumentException">A bank's shape and weights don't fit together.</exception>
    /// <exception cref="ReportException">A filter bank is too large to be drawn.</exception>
    /// <exception cref="FileWriteException">The page can't be written.</exception>
    public static IReadOnlyList<FilterMeasures> Write(string path, string run, IReadOnlyList<EncoderFilters> encoders, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(encoders);
        foreach (var bank in encoders.SelectMany(e => e.Banks))
        {
            Check(bank);
        }

        var measures = encoders.SelectMany(e => e.Banks.Select(b => FilterMeasures.Of(e, b))).ToList();
        AtomicFile.WriteAllText(path, FiltersPage.Draw(run, encoders, measures, (time ?? TimeProvider.System).GetUtcNow()));
        return measures;
    }

    private static void Check(FilterBank bank)
    {
        if (bank.Shape.Count is not (4 or 5) || bank.Shape.Any(n => n < 1))
        {
            throw new ArgumentException($"{bank.Name} has the shape [{string.Join(", ", bank.Shape)}]; filters have four or five axes.", nameof(bank));
        }

        long count = bank.Shape.Aggregate(1L, (product, n) => checked(product * n));
        if (count > MostWeights)
        {
            throw new ReportException($"{bank.Name} has {count} weights: too many to draw.");
        }

        if (bank.Learned.Count != count || bank.Random.Count != count)
        {
            throw new ArgumentException($"{bank.Name} of shape [{string.Join(", ", bank.Shape)}] came with {bank.Learned.Count} learned and {bank.Random.Count} random weights.", nameof(bank));
        }
    }
}
