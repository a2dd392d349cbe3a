using System.Globalization;
using System.Text;
using Duet.Data.Clips;

namespace Duet.Learning.Training;

/// <summary>
/// Hears of every sample of a run that can't be read, whatever it was read for, and records it in the metrics. Those of a pass that is
/// done again after a resume (a clustering, a validation) count when the pass is over, so that a resumed run counts as one that never stopped.
/// </summary>
internal sealed class BadSamples(MetricsLog metrics, int budget, Action<string> note)
{
    private const int Listed = 20;
    private readonly List<SampleFailure> waiting = [];
    private readonly List<string> paths = [];
    private string pass = "";
    private int counted;

    /// <summary>Begins a pass.</summary>
    /// <param name="name">What it does, for people.</param>
    /// <param name="before">Samples of the run that could not be read so far.</param>
    public void Begin(string name, int before)
    {
        (pass, counted) = (name, before);
        waiting.Clear();
        paths.Clear();
    }

    /// <summary>Takes in a sample.</summary>
    /// <exception cref="BadSamplesException">It is one too many.</exception>
    public void Hear(ClipRequest request, SampleFailure failure, long step)
    {
        waiting.Add(failure);
        paths.Add(request.Video.SourcePath);
        if (counted + waiting.Count > budget)
        {
            var all = Commit(step);
            throw new BadSamplesException(all, budget, metrics.Path, Summary());
        }
    }

    /// <summary>Records what was heard.</summary>
    /// <param name="step">Steps taken.</param>
    /// <returns>Samples of the run that could not be read so far.</returns>
    public int Commit(long step)
    {
        for (var i = 0; i < waiting.Count; i++)
        {
            note(metrics.Unreadable(step, pass, waiting[i].VideoId, paths[i], waiting[i].Reason));
        }

        counted += waiting.Count;
        waiting.Clear();
        paths.Clear();
        return counted;
    }

    /// <summary>The videos, the most often failing first: the metrics know those of earlier processes as well.</summary>
    private string Summary()
    {
        var videos = metrics.ReadUnreadable().GroupBy(u => u.Video, StringComparer.Ordinal)
            .Select(g => (Count: g.Count(), g.First().Path, Id: g.Key, g.Last().Reason))
            .OrderByDescending(v => v.Count).ThenBy(v => v.Path, StringComparer.Ordinal).ToArray();
        var text = new StringBuilder(videos.Length == 1 ? "They are of one video:" : string.Create(CultureInfo.InvariantCulture, $"They are of {videos.Length} videos:"));
        foreach (var (count, path, id, reason) in videos.Take(Listed))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n  {count} x {path} ({id}): {(reason.Length > 200 ? reason[..200] + " ..." : reason)}");
        }

        return videos.Length > Listed ? text.Append(CultureInfo.InvariantCulture, $"\n  and {videos.Length - Listed} more videos").ToString() : text.ToString();
    }
}

/// <summary>More samples of a run could not be read than its recipe bears.</summary>
/// <param name="count">How many.</param>
/// <param name="budget">How many are borne.</param>
/// <param name="metricsFile">Where all of them are listed.</param>
/// <param name="list">The videos.</param>
public sealed class BadSamplesException(int count, int budget, string metricsFile, string list) : TrainingException(string.Create(
    CultureInfo.InvariantCulture,
    $"{count} samples could not be read, more than training.max_bad_samples ({budget}). {list}\nEach sample is an event with its video, path and reason in '{metricsFile}'. Check the store with 'duet store verify', and ingest these videos again; or bear more with --set training.max_bad_samples={10L * Math.Max(count, 10)} and --resume."));
