using System.Text;

namespace Duet.Learning.Weights.PyTorch;

/// <summary>Where a storage's bytes lie.</summary>
/// <param name="Start">The first byte in the file.</param>
/// <param name="Crc">Their checksum, where the format has one.</param>
internal sealed record StoragePlace(long Start, uint? Crc);

/// <summary>What a checkpoint's description says, and where the numbers lie that it refers to.</summary>
/// <param name="Root">The object that was saved.</param>
/// <param name="Places">Where each storage's bytes lie, by key.</param>
/// <param name="PickleBytes">The description's bytes.</param>
internal sealed record CheckpointLayout(object? Root, IReadOnlyDictionary<string, StoragePlace> Places, long PickleBytes);

/// <summary>The format of <c>torch.save</c> since 1.6: a ZIP archive with one folder, in it <c>data.pkl</c> and a file of raw numbers per storage, <c>data/0</c>, <c>data/1</c>, ...</summary>
internal static class ZipLayout
{
    private const int MaximumNote = 64;

    /// <summary>Reads the description; the numbers are left where they are.</summary>
    /// <param name="stream">A stream that can seek.</param>
    /// <param name="source">What to call it in errors.</param>
    /// <exception cref="WeightsException">It is damaged, or asks for what is refused.</exception>
    public static CheckpointLayout Read(Stream stream, string source)
    {
        var entries = StoredZip.Read(stream, source);
        var folder = entries.Count > 0 ? entries[0].Name.Split('/')[0] + "/" : "";
        var files = new Dictionary<string, ZipEntry>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            if (!entry.Name.StartsWith(folder, StringComparison.Ordinal))
            {
                throw PyTorchFormat.Broken(source, "its archive does not hold one folder");
            }

            files.Add(entry.Name[folder.Length..], entry);
        }

        if (files.ContainsKey("constants.pkl"))
        {
            throw PyTorchFormat.Refused(source, "it is a TorchScript program");
        }

        if (!files.TryGetValue("data.pkl", out var description))
        {
            throw PyTorchFormat.Broken(source, "its archive has no data.pkl");
        }

        if (Note("byteorder") is { } order && order != "little")
        {
            throw PyTorchFormat.Refused(source, $"its numbers are in the byte order '{SafeTensorsHeader.Shown(order)}'");
        }

        var storages = new StorageTable(source);
        using var pickle = new MemoryStream(Bytes(description, PyTorchFormat.MaximumPickleBytes));
        var root = PickleReader.Read(pickle, source, storages);
        var places = new Dictionary<string, StoragePlace>(StringComparer.Ordinal);
        foreach (var storage in storages.All)
        {
            var needed = storage.Elements * ElementTypes.Size(storage.Type);
            places[storage.Key] = files.TryGetValue($"data/{storage.Key}", out var file) && file.Length == needed
                ? new StoragePlace(file.Start, file.Crc)
                : throw PyTorchFormat.Broken(
                    source, $"its storage '{SafeTensorsHeader.Shown(storage.Key)}' should have {needed} bytes, and its archive has {(file is null ? "none" : $"{file.Length}")} for it");
        }

        return new CheckpointLayout(root, places, description.Length);

        string? Note(string name) => files.TryGetValue(name, out var entry) ? Encoding.Latin1.GetString(Bytes(entry, MaximumNote)).Trim() : null;

        byte[] Bytes(ZipEntry entry, int most)
        {
            if (entry.Length > most)
            {
                throw PyTorchFormat.Refused(source, $"the file '{SafeTensorsHeader.Shown(entry.Name)}' in its archive has {entry.Length} bytes, and at most {most} are read");
            }

            stream.Position = entry.Start;
            var bytes = new byte[entry.Length];
            stream.ReadExactly(bytes);
            return Crc32.Of(bytes) == entry.Crc ? bytes : throw PyTorchFormat.Broken(source, $"the checksum of '{SafeTensorsHeader.Shown(entry.Name)}' in its archive is wrong");
        }
    }
}
