namespace Duet.Learning.Weights;

/// <summary>Weights that others released, known by the first digits of their file's SHA-256, which is how both releases name their files.</summary>
/// <param name="Name">Their name.</param>
/// <param name="Digits">The first digits of the SHA-256, hexadecimal.</param>
/// <param name="Method">How they were learned.</param>
internal sealed record KnownRelease(string Name, string Digits, string Method)
{
    /// <summary>XDC's (github.com/HumamAlwassel/XDC) and torchvision's, which learned Kinetics-400 with labels.</summary>
    public static IReadOnlyList<KnownRelease> All { get; } =
    [
        new("r2plus1d_18_xdc_ig65m_kinetics", "f24f6ffb", "xdc"),
        new("r2plus1d_18_xdc_ig65m_random", "189d23f4", "xdc"),
        new("r2plus1d_18_xdc_audioset", "f29ffe8f", "xdc"),
        new("r2plus1d_18_fs_kinetics", "622bdad9", "supervised"),
        new("r2plus1d_18_fs_imagenet", "ff446670", "supervised"),
        new("r3d_18", "b3b3357e", "supervised"),
        new("mc3_18", "a90a0ba3", "supervised"),
        new("r2plus1d_18", "91a641e6", "supervised"),
    ];

    /// <summary>The release that a file is; null where it is none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="sha256">Its SHA-256, hexadecimal.</param>
    /// <exception cref="WeightsException">It is called as a release's file is, and has other bytes.</exception>
    public static KnownRelease? Of(string path, string sha256)
    {
        var promised = All.FirstOrDefault(r => Path.GetFileNameWithoutExtension(path) == $"{r.Name}-{r.Digits}");
        return promised is null || sha256.StartsWith(promised.Digits, StringComparison.Ordinal)
            ? All.FirstOrDefault(r => sha256.StartsWith(r.Digits, StringComparison.Ordinal))
            : throw new WeightsException($"'{path}' is not what its name says: its SHA-256 begins with {sha256[..promised.Digits.Length]}. The download was cut or changed: fetch it again, or give another file another name.");
    }
}
