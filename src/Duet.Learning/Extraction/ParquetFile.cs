using Duet.Data.Files;
using Duet.Data;
using Duet.Data.Tables;

namespace Duet.Learning.Extraction;

/// <summary>Features as a Parquet file that carries its settings and its rows' checksum in its metadata.</summary>
/// <param name="path">The file.</param>
internal sealed class ParquetFile(string path) : IExtractFile
{
    /// <inheritdoc/>
    public string Path => path;

    /// <inheritdoc/>
    public FoundFile Find(IReadOnlyDictionary<string, string> settings, bool deep, CancellationToken cancel)
    {
        if (!File.Exists(path))
        {
            return FoundFile.None;
        }

        try
        {
            using var reader = FeatureTableReader.Open(path);
            ExtractMetadata.Compare(path, reader.Metadata, settings);
            return ExtractMetadata.Readable(reader.Metadata)
                && (!deep || (reader.Rows == ExtractMetadata.Rows(reader.Metadata) && FeatureChecksum.Of(reader, cancel) == reader.Metadata[ExtractMetadata.ChecksumKey]))
                ? new FoundFile(FileState.Whole, new Dictionary<string, string>(reader.Metadata, StringComparer.Ordinal))
                : FoundFile.Bad;
        }
        catch (TableException e)
        {
            // A file that never was a table is the user's; one that was is damaged, and can be made again.
            return Begins() ? FoundFile.Bad : throw new UsageException($"'{path}' exists and is no table of features. Name another --out.", e);
        }
    }

    /// <inheritdoc/>
    public void Write(Func<IReadOnlyDictionary<string, string>> metadata, IEnumerable<FeatureBlock> blocks, CancellationToken cancel) =>
        FeatureTableWriter.Write(path, metadata, blocks, cancel);

    private bool Begins()
    {
        if (FeatureParts.IsPart(System.IO.Path.GetFileName(path)))
        {
            return true;
        }

        Span<byte> magic = stackalloc byte[4];
        using var stream = RegularFile.OpenRead(path);
        return stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual("PAR1"u8);
    }
}
