using System.Text;
using System.Text.Json;
using Duet.Data.Files;
using Duet.Learning.Training;

namespace Duet.Learning.Evaluation.Finetuning;

/// <summary>What one test video was named: a line of <c>predictions.jsonl</c>.</summary>
/// <param name="VideoId">The video.</param>
/// <param name="Label">Its class.</param>
/// <param name="Predicted">What it was named.</param>
/// <param name="Rank">The place of its class among all, from 1.</param>
/// <param name="Probability">The probability of what it was named.</param>
/// <param name="LabelProbability">The probability of its class.</param>
/// <param name="Top">The likeliest classes, at most five.</param>
/// <param name="Clips">Clips that were averaged.</param>
public sealed record VideoPrediction(string VideoId, string Label, string Predicted, int Rank, double Probability, double LabelProbability, IReadOnlyList<string> Top, int Clips);

/// <summary>
/// Predictions on the disk while a test goes on, in stretches of a fixed number of videos: an interrupted test goes on after the last whole stretch, and
/// ends with the same lines as one that was not.
/// </summary>
internal sealed class PredictionLog
{
    private const string Format = "duet.predictions/1";
    private const long MostBytes = 512 << 20; // a million videos
    private readonly string path;
    private readonly List<Stretch> stretches = [];

    private PredictionLog(string path) => this.path = path;

    /// <summary>How many stretches are done.</summary>
    public int Done => stretches.Count;

    /// <summary>All predictions so far.</summary>
    public IEnumerable<VideoPrediction> Predictions => stretches.SelectMany(s => s.Predictions);

    /// <summary>Videos that could not be scored so far.</summary>
    public IEnumerable<LeftOut> LeftOut => stretches.SelectMany(s => s.LeftOut);

    /// <summary>Opens a log, or starts it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="network">What names the tested network and videos: a log of another one is begun anew.</param>
    public static PredictionLog Open(string path, string network)
    {
        var log = new PredictionLog(path);
        if (File.Exists(path))
        {
            var lines = RegularFile.ReadAllText(path, MostBytes).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            if (lines.Length > 0 && Parse<Header>(lines[0]) is { } header && header == new Header(Format, network))
            {
                log.stretches.AddRange(lines.Skip(1).Select(Parse<Stretch>).TakeWhile((s, i) => s is not null && s.Number == i)!);
            }
        }

        log.Write(network);
        return log;
    }

    /// <summary>Takes in a stretch: on the disk when this returns.</summary>
    /// <exception cref="FileWriteException">It can't be written; what was there is untouched.</exception>
    public void Add(IReadOnlyList<VideoPrediction> predictions, IReadOnlyList<LeftOut> leftOut)
    {
        var stretch = new Stretch(stretches.Count, predictions, leftOut);
        try
        {
            using var stream = RegularFile.OpenOwn(path, FileMode.Append, FileShare.Read);
            stream.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(stretch, RunJson.Line) + "\n"));
            stream.Flush(flushToDisk: true);
        }
        catch (Exception e) when (FileWriteException.Explains(e))
        {
            throw FileWriteException.For(path, e);
        }

        stretches.Add(stretch);
    }

    /// <summary>Writes what was read, without a line that was cut off.</summary>
    private void Write(string network) => AtomicFile.WriteAllText(
        path,
        string.Concat(stretches.Select(s => JsonSerializer.Serialize(s, RunJson.Line) + "\n").Prepend(JsonSerializer.Serialize(new Header(Format, network), RunJson.Line) + "\n")));

    private static T? Parse<T>(string line)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(line, RunJson.Line);
        }
        catch (JsonException)
        {
            return null; // cut off while it was written
        }
    }

    private sealed record Header(string Format, string Network);

    private sealed record Stretch(int Number, IReadOnlyList<VideoPrediction> Predictions, IReadOnlyList<LeftOut> LeftOut);
}
