using Duet.Data.Datasets;
using Duet.Data.Store;
using Duet.Data.Tests.Store;

namespace Duet.Data.Tests.Datasets;

/// <summary>A data set's folder that a test fills.</summary>
public sealed class LayoutFolder : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public LayoutFolder() => Directory.CreateDirectory(Root);

    public string Root => folder["d"];

    public void Dispose() => folder.Dispose();

    /// <summary>Empty files.</summary>
    public void Put(params string[] paths)
    {
        foreach (var path in paths)
        {
            Write(path, "");
        }
    }

    public void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder["d", path])!);
        File.WriteAllText(folder["d", path], text);
    }

    public string Read(string path) => File.ReadAllText(folder["d", path]);

    internal SourceList Find(DatasetLayout layout = DatasetLayout.Auto) => DatasetLayouts.Find(Root, folder["store"], layout, LabelSource.None, null);

    /// <summary>Path, label and split of each file that was found.</summary>
    internal IEnumerable<string> Found(DatasetLayout layout = DatasetLayout.Auto) => Find(layout).Files.Select(f => $"{f.Path}|{f.Label}|{f.Split}");
}
