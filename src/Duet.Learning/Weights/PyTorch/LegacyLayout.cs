using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;

namespace Duet.Learning.Weights.PyTorch;

/// <summary>
/// The format of <c>torch.save</c> before 1.6 (and since, where it is asked for): five pickles (a magic number, a version, facts on the machine, the
/// object, the storages' keys), then per key a count and the raw numbers.
/// </summary>
internal static class LegacyLayout
{
    private const long Version = 1001;
    private static readonly BigInteger Magic = BigInteger.Parse("1950a86a20f9469cfc6c", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    /// <summary>What such a file begins with: the magic number's pickle.</summary>
    public static ReadOnlySpan<byte> FirstBytes => [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

    /// <summary>Reads the description; the numbers are left where they are.</summary>
    /// <param name="stream">A stream that can seek.</param>
    /// <param name="source">What to call it in errors.</param>
    /// <exception cref="WeightsException">It is damaged, or asks for what is refused.</exception>
    public static CheckpointLayout Read(Stream stream, string source)
    {
        stream.Position = 0;
        if (PickleReader.Read(stream, source) is not BigInteger magic || magic != Magic || PickleReader.Read(stream, source) is not Version)
        {
            throw PyTorchFormat.Broken(source, $"it does not begin with the format's magic number and version {Version}");
        }

        if (PickleReader.Read(stream, source) is PickleDictionary machine && machine.Pairs.Any(p => p is { Key: "little_endian", Value: false }))
        {
            throw PyTorchFormat.Refused(source, "its numbers are in the byte order 'big'");
        }

        var storages = new StorageTable(source);
        var begin = stream.Position;
        var root = PickleReader.Read(stream, source, storages);
        var described = stream.Position - begin;
        if (PickleReader.Read(stream, source) is not PickleList keys)
        {
            throw PyTorchFormat.Broken(source, "it does not list its storages");
        }

        var places = new Dictionary<string, StoragePlace>(StringComparer.Ordinal);
        Span<byte> count = stackalloc byte[sizeof(long)];
        foreach (var listed in keys.Items)
        {
            if (listed is not string key || storages.Find(key) is not { } storage || places.ContainsKey(key))
            {
                throw PyTorchFormat.Broken(source, "it lists a storage twice, or one that nothing refers to");
            }

            var needed = storage.Elements * ElementTypes.Size(storage.Type);
            if (stream.Length - stream.Position < sizeof(long) || stream.Length - stream.Position - sizeof(long) < needed)
            {
                throw PyTorchFormat.Broken(source, $"its storage '{SafeTensorsHeader.Shown(key)}' should have {needed} bytes, and {stream.Length - stream.Position} are left");
            }

            stream.ReadExactly(count);
            if (BinaryPrimitives.ReadInt64LittleEndian(count) != storage.Elements)
            {
                throw PyTorchFormat.Broken(source, $"its storage '{SafeTensorsHeader.Shown(key)}' does not have the {storage.Elements} elements that its description says");
            }

            places.Add(key, new StoragePlace(stream.Position, null));
            stream.Position += needed;
        }

        if (places.Count != storages.All.Count || stream.Position != stream.Length)
        {
            throw PyTorchFormat.Broken(source, places.Count != storages.All.Count ? "it does not list all of its storages" : $"{stream.Length - stream.Position} bytes follow its last storage");
        }

        return new CheckpointLayout(root, places, described);
    }
}
