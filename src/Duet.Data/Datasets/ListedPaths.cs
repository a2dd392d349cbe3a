namespace Duet.Data.Datasets;

/// <summary>What a list may name.</summary>
internal static class ListedPaths
{
    private const int MaxLength = 1024;

    /// <summary>Whether a text is the name of a file or folder, and no way to another one.</summary>
    public static bool IsName(string name) => name.Length is > 0 and <= MaxLength && name is not ("." or "..") && name.AsSpan().IndexOfAny('/', '\\', '\0') < 0;

    /// <summary>Whether a text is a relative path that does not lead out of the folder that it starts from.</summary>
    public static bool IsPath(string path) => path.Length is > 0 and <= MaxLength && path.Split('/').All(IsName);
}
