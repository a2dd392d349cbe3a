using Duet.Data;
using Duet.Learning.Recipes;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Recipes;

public sealed class RecipeLoadingTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("duet-recipes-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Loads_a_file_with_a_byte_order_mark_and_windows_line_ends()
    {
        var path = Write("a.yaml", [0xEF, 0xBB, 0xBF, .. "name: a\r\nseed: 3\r\n"u8]);

        RecipeFile.Load(path).Seed.ShouldBe(3);
    }

    [Fact]
    public void Refuses_what_is_no_text()
    {
        Should.Throw<RecipeException>(() => RecipeFile.Load(Write("b.yaml", [0x6e, 0xFF, 0xFE, 0x00]))).Message.ShouldContain("not UTF-8");
        Should.Throw<RecipeException>(() => RecipeFile.Load(Write("c.yaml", new byte[1 << 20]))).Message.ShouldContain("longer than 256 kB");
        Should.Throw<UsageException>(() => RecipeFile.Load(folder)).Message.ShouldContain(folder);
        Should.Throw<UsageException>(() => RecipeFile.Load(Path.Combine(folder, "none.yaml"))).Message.ShouldContain("none.yaml");
    }

    [Fact]
    public void A_recipe_argument_is_a_file_or_the_name_of_one_that_ships()
    {
        var file = Write("avts_mine.yaml", "name: avts_mine"u8.ToArray());
        var catalog = new RecipeCatalog(folder);

        catalog.Entries.Select(e => e.Name).ShouldBe(["avts_mine"]);
        catalog.Resolve("avts_mine").ShouldBe(file);
        catalog.Resolve(file).ShouldBe(file);
        var error = Should.Throw<UsageException>(() => catalog.Resolve("avts_mien"));
        error.Message.ShouldContain("Did you mean 'avts_mine'?");
        error.ExitCode.ShouldBe(2);
        Should.Throw<UsageException>(() => catalog.Resolve("something/else.yaml")).Message.ShouldContain("duet recipes list");
    }

    [Fact]
    public void A_catalog_of_a_folder_that_is_not_there_is_empty() =>
        new RecipeCatalog(Path.Combine(folder, "none")).Entries.ShouldBeEmpty();

    private string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
