using System.Globalization;
using System.Text;
using Duet.Data.Files;
using Parquet;
using Parquet.Schema;

namespace Duet.Data.Tables;

/// <summary>A pseudo-label with what the catalog says about its video: a row that stands alone.</summary>
/// <param name="Iteration">The iteration of the clustering, from 1.</param>
/// <param name="Features">What was clustered: <c>audio</c>, <c>video</c>, <c>joint</c>.</param>
/// <param name="PseudoLabel">The clip and its cluster.</param>
/// <param name="Path">The source file; null where the store doesn't have the video.</param>
/// <param name="Label">The video's label; null where it has none.</param>
/// <param name="Split">The video's split; null where it has none.</param>
public sealed record LabelledClip(int Iteration, string Features, PseudoLabel PseudoLabel, string? Path, string? Label, string? Split);

/// <summary>
/// Pseudo-labels joined with paths and labels, for other programs: columns <c>clip, video, number, start, part, iteration, features, cluster, distance, path, label, split</c>,
/// as CSV (RFC 4180, UTF-8, a header, LF line ends, what is missing is empty) or as Parquet (what is missing is null).
/// </summary>
public static class LabelledClipTable
{
    private const int RowsPerGroup = 1 << 20;
    private const string Header = "clip,video,number,start,part,iteration,features,cluster,distance,path,label,split";

    private static readonly DataField Clip = new DataField<string>("clip", nullable: false);
    private static readonly DataField Video = new DataField<string>("video", nullable: false);
    private static readonly DataField Number = new DataField<int>("number");
    private static readonly DataField Start = new DataField<double>("start");
    private static readonly DataField Part = new DataField<string>("part", nullable: false);
    private static readonly DataField Iteration = new DataField<int>("iteration");
    private static readonly DataField Features = new DataField<string>("features", nullable: false);
    private static readonly DataField Cluster = new DataField<int>("cluster");
    private static readonly DataField Distance = new DataField<float>("distance");
    private static readonly DataField SourcePath = new DataField<string>("path", nullable: true);
    private static readonly DataField Label = new DataField<string>("label", nullable: true);
    private static readonly DataField Split = new DataField<string>("split", nullable: true);

    /// <summary>Writes CSV, whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="rows">The rows, in the order in which they are written.</param>
    /// <exception cref="FileWriteException">The file can't be written.</exception>
    public static void WriteCsv(string path, IReadOnlyList<LabelledClip> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        AtomicFile.Write(path, stream =>
        {
            using var writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true) { NewLine = "\n" };
            writer.WriteLine(Header);
            foreach (var row in rows)
            {
                var p = row.PseudoLabel;
                writer.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Quoted(p.Clip)},{Quoted(p.Video)},{p.Number},{p.Start:R},{Quoted(p.Part)},{row.Iteration},{Quoted(row.Features)},{p.Cluster},{p.Distance:R},{Quoted(row.Path)},{Quoted(row.Label)},{Quoted(row.Split)}"));
            }
        });
    }

    /// <summary>Writes Parquet, whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="rows">The rows, in the order in which they are written.</param>
    /// <exception cref="FileWriteException">The file can't be written.</exception>
    public static void WriteParquet(string path, IReadOnlyList<LabelledClip> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        AtomicFile.Write(path, stream => WriteAsync(stream, rows).GetAwaiter().GetResult());
    }

    private static async Task WriteAsync(Stream stream, IReadOnlyList<LabelledClip> rows)
    {
        var schema = new ParquetSchema(Clip, Video, Number, Start, Part, Iteration, Features, Cluster, Distance, SourcePath, Label, Split);
        await using var writer = await ParquetWriter.CreateAsync(schema, stream, new ParquetOptions { CompressionMethod = CompressionMethod.Snappy });
        writer.CustomMetadata = new Dictionary<string, string>(StringComparer.Ordinal) { [PseudoLabelTable.FormatKey] = "labelled_clips/1" };
        foreach (var chunk in rows.Chunk(RowsPerGroup))
        {
            using var group = writer.CreateRowGroup();
            await group.WriteAsync(Clip, Array.ConvertAll(chunk, r => r.PseudoLabel.Clip));
            await group.WriteAsync(Video, Array.ConvertAll(chunk, r => r.PseudoLabel.Video));
            await group.WriteAsync<int>(Number, Array.ConvertAll(chunk, r => r.PseudoLabel.Number));
            await group.WriteAsync<double>(Start, Array.ConvertAll(chunk, r => r.PseudoLabel.Start));
            await group.WriteAsync(Part, Array.ConvertAll(chunk, r => r.PseudoLabel.Part));
            await group.WriteAsync<int>(Iteration, Array.ConvertAll(chunk, r => r.Iteration));
            await group.WriteAsync(Features, Array.ConvertAll(chunk, r => r.Features));
            await group.WriteAsync<int>(Cluster, Array.ConvertAll(chunk, r => r.PseudoLabel.Cluster));
            await group.WriteAsync<float>(Distance, Array.ConvertAll(chunk, r => r.PseudoLabel.Distance));
            await group.WriteAsync(SourcePath, Array.ConvertAll(chunk, r => r.Path));
            await group.WriteAsync(Label, Array.ConvertAll(chunk, r => r.Label));
            await group.WriteAsync(Split, Array.ConvertAll(chunk, r => r.Split));
            group.CompleteValidate();
        }
    }

    private static string Quoted(string? text) =>
        text is null ? "" : text.AsSpan().IndexOfAny(",\"\r\n") >= 0 ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
}
