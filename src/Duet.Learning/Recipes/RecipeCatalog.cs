using Duet.Data;

namespace Duet.Learning.Recipes;

/// <summary>A recipe that ships.</summary>
/// <param name="Name">Its name, which is the file's without <c>.yaml</c>.</param>
/// <param name="Group">The folder: <c>avts</c>, <c>demo</c>.</param>
/// <param name="Path">The file.</param>
public sealed record RecipeEntry(string Name, string Group, string Path);

/// <summary>The recipes in a folder, by name.</summary>
public sealed class RecipeCatalog
{
    private readonly Lazy<IReadOnlyList<RecipeEntry>> entries;

    /// <summary>The recipes under a folder.</summary>
    public RecipeCatalog(string directory)
    {
        Directory = directory;
        entries = new(() => System.IO.Directory.Exists(directory)
            ? [.. System.IO.Directory.EnumerateFiles(directory, "*.yaml", SearchOption.AllDirectories)
                .Select(p => new RecipeEntry(Path.GetFileNameWithoutExtension(p), Path.GetDirectoryName(Path.GetRelativePath(directory, p))!, p))
                .OrderBy(e => e.Group, StringComparer.Ordinal)
                .ThenBy(e => e.Name, StringComparer.Ordinal)]
            : []);
    }

    /// <summary>Those that ship with the program: the folder <c>recipes</c> beside it.</summary>
    public static RecipeCatalog Shipped { get; } = new(Path.Combine(AppContext.BaseDirectory, "recipes"));

    /// <summary>Where they are.</summary>
    public string Directory { get; }

    /// <summary>All of them, by group and name.</summary>
    public IReadOnlyList<RecipeEntry> Entries => entries.Value;

    /// <summary>The file that a RECIPE argument means: a path, or the name of a recipe that ships.</summary>
    /// <param name="nameOrPath">A file's path, or a name such as <c>avts_small_cpu</c>.</param>
    /// <exception cref="UsageException">There is neither; the message names the nearest.</exception>
    public string Resolve(string nameOrPath)
    {
        // A name wins over a folder that happens to be called the same, a file wins over a name.
        if (File.Exists(nameOrPath))
        {
            return nameOrPath;
        }

        var wanted = Path.GetFileNameWithoutExtension(nameOrPath);
        if (Entries.FirstOrDefault(e => string.Equals(e.Name, nameOrPath, StringComparison.Ordinal)) is { } entry)
        {
            return entry.Path;
        }

        var nearest = NearestName.Find(wanted, Entries.Select(e => e.Name));
        throw new UsageException(
            $"There is no recipe '{nameOrPath}', neither a file nor one that ships.{(nearest is null ? "" : $" Did you mean '{nearest}'?")} 'duet recipes list' names those that ship.");
    }
}
