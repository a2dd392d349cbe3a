using Duet.Data.Randomness;
using Duet.Data.Tables;

namespace Duet.Data.Tests.Tables;

/// <summary>Files with a few bytes changed or cut off.</summary>
internal static class DamagedFiles
{
    /// <summary>Reads hundreds of damaged copies; anything but success or a <see cref="TableException"/> goes through to the test.</summary>
    /// <returns>How many were noticed.</returns>
    public static int Try(byte[] good, string path, Action<string> read)
    {
        var noticed = 0;
        for (var i = 0; i < 400; i++)
        {
            var random = new KeyedRandom(0, i, "bytes", "damage");
            var bytes = i % 4 == 0 ? good[..(int)random.NextInteger(good.Length)] : [.. good];
            for (var flips = random.NextInteger(4) + 1; flips > 0 && bytes.Length > 0 && i % 4 != 0; flips--)
            {
                // Half of the damage goes to the last kilobyte, where the footer is.
                var at = random.NextBoolean() ? random.NextInteger(bytes.Length) : bytes.Length - 1 - random.NextInteger(Math.Min(1024, bytes.Length));
                bytes[at] = (byte)random.NextInteger(256);
            }

            File.WriteAllBytes(path, bytes);
            try
            {
                read(path);
            }
            catch (TableException)
            {
                noticed++;
            }
        }

        return noticed;
    }
}
