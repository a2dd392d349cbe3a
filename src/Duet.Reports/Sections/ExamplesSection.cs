using System.Xml.Linq;
using Duet.Reports.Charts;
using Duet.Reports.Input;
using static Duet.Reports.Html.Markup;

namespace Duet.Reports.Sections;

/// <summary>A few videos up close: pictures over sound, and the distance as the sound is moved.</summary>
internal static class ExamplesSection
{
    /// <summary>How many examples a report shows at most: each carries its pictures.</summary>
    public const int Most = 12;

    public static Section? Draw(ReportContext context)
    {
        if (context.Files.Sync?.Examples is not { Count: > 0 } examples)
        {
            return null;
        }

        var strips = examples.Take(Most).Select(e => Card(context, e)).OfType<XElement>().ToList();
        if (strips.Count == 0)
        {
            return null;
        }

        List<XElement> body =
        [
            E("p", "Pictures over the spectrogram of their sound. Under them the sound is moved against the picture and the distance of the embeddings drawn: a network that listens has its minimum at zero. "
                + "A positive offset means that the sound comes from later than the picture."),
            C("div", "charts", strips),
        ];
        if (context.StoreProblem is { } problem)
        {
            body.Insert(1, C("p", "hint", problem));
        }

        if (examples.Count > Most)
        {
            body.Add(C("p", "chart-note", $"The first {Most} of {examples.Count} examples; the result file has all."));
        }

        return new Section("examples", "Picture and sound, moved apart", body);
    }

    private static XElement? Card(ReportContext context, SyncExample example)
    {
        double start = Finite(example.StartSeconds) ?? 0, length = Math.Max(Finite(example.ClipSeconds) ?? 1, 1e-3);
        var spectrogram = Spectrogram(example, start, length);
        double from = Math.Min(start, spectrogram?.From ?? start), to = Math.Max(start + length, spectrogram?.To ?? 0);
        var frames = example.VideoId is { } id ? context.Store?.Frames(id, from, to) : null;
        var distances = (example.OffsetsSeconds ?? []).Zip(example.Distances ?? [])
            .Where(p => Finite(p.First) is not null && Finite(p.Second) is not null)
            .Select(p => (Offset: p.First!.Value, Distance: p.Second!.Value)).OrderBy(p => p.Offset).ToList();
        if (spectrogram is null && frames is null && distances.Count == 0)
        {
            return null;
        }

        string name = example.Label ?? Path.GetFileName(example.SourcePath) ?? example.VideoId ?? "a video";
        var svg = SyncStrip.Draw(new StripData
        {
            From = from,
            To = to,
            Clip = (start, start + length),
            Frames = frames?.Jpegs ?? [],
            Aspect = frames?.Aspect ?? 1,
            Spectrogram = spectrogram,
            Distances = distances,
            Threshold = context.Files.Sync?.Threshold,
            Description = $"Frames and spectrogram of {name} and the distance by offset.",
        });
        return C(
            "figure",
            "chart strip",
            C("figcaption", "chart-title", Outside(name), C("span", "source", Outside(example.SourcePath ?? example.VideoId))),
            svg);
    }

    private static (byte[] Png, double From, double To)? Spectrogram(SyncExample example, double start, double length)
    {
        if (example.Spectrogram is not { ValuesBase64: { } text, Frames: var frames, Mels: var mels } s)
        {
            return null;
        }

        var values = Convert.FromBase64String(text);
        var rows = new byte[values.Length];
        for (int frame = 0; frame < frames; frame++)
        {
            for (int mel = 0; mel < mels; mel++)
            {
                rows[((mels - 1 - mel) * frames) + frame] = values[(frame * mels) + mel];
            }
        }

        double from = Finite(s.StartSeconds) ?? start;
        double to = Finite(s.HopSeconds) is { } hop && hop > 0 ? from + (frames * hop) : from + length;
        return (Png.Encode(rows, frames, mels, ColourMap.Spectrogram), from, to);
    }

    private static double? Finite(double? value) => value is { } v && double.IsFinite(v) && Math.Abs(v) < 1e7 ? v : null;
}
