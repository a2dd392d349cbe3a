using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Duet.Data;
using Duet.Data.Files;
using Duet.Data.Tables;

namespace Duet.Learning.Extraction;

/// <summary>
/// Features as NumPy's <c>FILE.npy</c>, <c>[rows, values]</c>, with <c>FILE.npy.csv</c> that says what each row belongs to and <c>FILE.npy.json</c> with the settings and
/// both files' checksums. The last is written last: the array is done where it agrees with it.
/// </summary>
/// <param name="path">The array.</param>
/// <param name="columns">Values per row.</param>
internal sealed class NpyFile(string path, int columns) : IExtractFile
{
    private const string Header = "row,clip,video,start,modality,layer";
    private const string ArrayKey = "npy_sha256";
    private const string IndexKey = "csv_sha256";

    /// <summary>More is no such file.</summary>
    private const int MostJsonBytes = 256 << 20;

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string index = path + ".csv";
    private readonly string about = path + ".json";

    /// <inheritdoc/>
    public string Path => path;

    /// <inheritdoc/>
    public FoundFile Find(IReadOnlyDictionary<string, string> settings, bool deep, CancellationToken cancel)
    {
        if (!File.Exists(about))
        {
            // The index is there before the array: an array without one is somebody else's.
            return (File.Exists(path), File.Exists(index)) switch
            {
                (false, false) => FoundFile.None,
                (_, true) when FirstLineIsOurs() => FoundFile.Bad,
                _ => throw new UsageException($"'{(File.Exists(path) ? path : index)}' exists and was not made by 'duet extract'. Name another --out."),
            };
        }

        if (RegularFile.Length(about) > MostJsonBytes || Read() is not { } found)
        {
            throw new UsageException($"'{about}' exists and was not made by 'duet extract'. Name another --out.");
        }

        ExtractMetadata.Compare(about, found, settings);
        return ExtractMetadata.Readable(found) && File.Exists(path) && File.Exists(index)
            && (!deep || (Checksum(path) == found.GetValueOrDefault(ArrayKey) && Checksum(index) == found.GetValueOrDefault(IndexKey)))
            ? new FoundFile(FileState.Whole, found)
            : FoundFile.Bad;
    }

    /// <inheritdoc/>
    public void Write(Func<IReadOnlyDictionary<string, string>> metadata, IEnumerable<FeatureBlock> blocks, CancellationToken cancel)
    {
        // The old account of the files must not outlive them.
        File.Delete(about);
        AtomicFile.Write(path, array => AtomicFile.Write(index, lines =>
        {
            var npy = new NpyWriter(array, columns);
            using (var writer = new StreamWriter(lines, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true) { NewLine = "\n" })
            {
                writer.WriteLine(Header);
                foreach (var block in blocks)
                {
                    cancel.ThrowIfCancellationRequested();
                    for (var i = 0; i < block.Rows.Count; i++)
                    {
                        var row = block.Rows[i];
                        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{npy.Rows + i},{row.Clip},{row.Video},{row.Start:R},{row.Modality},{row.Layer}"));
                    }

                    npy.Add(block.Values.Span);
                }
            }

            npy.Complete();
        }));
        var all = new SortedDictionary<string, string>(metadata().ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal) { [ArrayKey] = Checksum(path), [IndexKey] = Checksum(index) };
        AtomicFile.WriteAllBytes(about, JsonSerializer.SerializeToUtf8Bytes(all, Json));
    }

    private bool FirstLineIsOurs()
    {
        using var stream = RegularFile.OpenRead(index);
        var first = new byte[Header.Length + 1];
        return stream.ReadAtLeast(first, first.Length, throwOnEndOfStream: false) == first.Length && first.AsSpan().SequenceEqual([.. Encoding.ASCII.GetBytes(Header), (byte)'\n']);
    }

    private Dictionary<string, string>? Read()
    {
        try
        {
            using var stream = RegularFile.OpenRead(about);
            return JsonSerializer.Deserialize<Dictionary<string, string>>(stream);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Checksum(string file)
    {
        using var stream = RegularFile.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
