namespace Duet.Reports.Charts;

/// <summary>A dark-to-bright colour map for spectrograms: straight lines in RGB between anchors whose lightness rises evenly.</summary>
internal static class ColourMap
{
    // Near-black blue, violet, magenta-red, orange, pale yellow. Ordered by lightness, so it also reads in grey.
    private static readonly (byte R, byte G, byte B)[] Anchors =
        [(6, 8, 20), (38, 24, 82), (98, 30, 112), (168, 48, 100), (222, 88, 72), (246, 150, 78), (250, 206, 126), (254, 246, 212)];

    /// <summary>256 RGB colours, 768 bytes.</summary>
    public static byte[] Spectrogram { get; } = Make();

    private static byte[] Make()
    {
        var palette = new byte[768];
        for (int i = 0; i < 256; i++)
        {
            double position = i / 255.0 * (Anchors.Length - 1);
            int left = Math.Min((int)position, Anchors.Length - 2);
            double share = position - left;
            var (a, b) = (Anchors[left], Anchors[left + 1]);
            palette[i * 3] = Mix(a.R, b.R, share);
            palette[(i * 3) + 1] = Mix(a.G, b.G, share);
            palette[(i * 3) + 2] = Mix(a.B, b.B, share);
        }

        return palette;
    }

    private static byte Mix(byte a, byte b, double share) => (byte)Math.Round(a + ((b - a) * share));
}
