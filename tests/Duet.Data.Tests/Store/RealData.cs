namespace Duet.Data.Tests.Store;

/// <summary>Where real videos and recordings lie, if they are at hand: DUET_TEST_DATA, or beside the repository.</summary>
internal static class RealData
{
    /// <summary>Their folder; it may not exist.</summary>
    public static string Folder { get; } = Find();

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("DUET_TEST_DATA") is { Length: > 0 } named)
        {
            return named;
        }

        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Duet.slnx")))
        {
            root = root.Parent;
        }

        return Path.Combine(root?.Parent?.FullName ?? "/", "shared", "data");
    }
}
