using System.Text;
using Duet.Data;
using Duet.Learning.Recipes;
using Duet.Tests.Shared.Fuzzing;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Recipes;

/// <summary>Damaged and hostile recipes. Only wrong use may come out, with the file's name and exit code 2.</summary>
public sealed class RecipeFuzzTests : IDisposable
{
    private readonly string path = Path.Combine(Directory.CreateTempSubdirectory("duet-recipe-").FullName, "r.yaml");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);

    [Fact]
    [Trait("Category", "Slow")]
    public void Recipes()
    {
        byte[][] words =
        [
            .. "\t;\n;\r;: ;- ;? ;|\n;>-\n;[;{;]}; &a ;*a;!!str ;!<x> ;---\n;...\n;%YAML 9.9\n;<<: *a;\"\\u12;\"\\xff\";'';.nan;.inf;-.inf;1e400;0x7fffffffffffffff;0o7;1_000;99999999999999999999;-1;0/0;1/0;9999999999/3;null;~;yes;\u00ff;\u00ef\u00bb\u00bf;\u00c2\u0085;\u00e2\u0080\u00a8;\u0000;epochs: ;seed: ;name: "
                .Split(';').Select(Encoding.Latin1.GetBytes),
        ];
        byte[][] samples = [.. ShippedRecipesTests.Shipped.Entries.Select(r => r.Path).Order(StringComparer.Ordinal).Where((_, i) => i % 9 == 0).Select(File.ReadAllBytes)];
        samples.Length.ShouldBeGreaterThan(4);
        var fuzzer = new MutationFuzzer("recipe", samples) { Words = words, IsTyped = e => e is UsageException { ExitCode: 2 }, AllocationLimit = length => (2 << 20) + (256L * length) };
        fuzzer.Run(4_000, bytes =>
        {
            File.WriteAllBytes(path, bytes);
            var recipe = RecipeFile.LoadAny(path);
            RecipeFile.ToYaml(recipe).ShouldNotBeEmpty();
        }).Checked("recipe");
    }

    public static TheoryData<string, string, string> Hostile => new()
    {
        { "billion laughs", string.Concat(Enumerable.Range(0, 10).Select(i => $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat(i == 0 ? "x" : $"*a{i - 1}", 10))}]\n")), "anchors (&name)" },
        { "nested lists", "a: " + new string('[', 200_000), "nested more than" },
        { "nested keys", string.Concat(Enumerable.Range(0, 400).Select(i => new string(' ', i) + "a:\n")), "nested more than" },
        { "questions", string.Concat(Enumerable.Repeat("? ", 100_000)), "nested more than" },
        { "a long text", "name: " + new string('x', 300_000), "is longer than 256 kB" },
        { "many values", "a: [" + string.Concat(Enumerable.Repeat("1,", 60_000)) + "1]", "values" },
        { "a number without end", "seed: " + new string('9', 100_000), "expected a whole number" },
        { "tabs", "name: x\n\tseed: 1\n", "is not valid YAML" },
        { "a key twice", "seed: 1\nname: x\nseed: 2\n", "a second time" },
        { "two documents", "name: x\n---\nname: y\n", "second document" },
        { "a tag", "name: !!python/object/apply:os.system [id]\n", "tags (!name)" },
        { "a merge", "name: x\n<<: {seed: 1}\n", "unknown key" },
        { "a directive", "%YAML 3.0\n---\nname: x\n", "is not valid YAML" },
        { "a zero byte", "name: a\0b\n", "" },
        { "escapes", "name: \"\\UFFFFFFFF\"\n", "is not valid YAML" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Hostile_recipes_are_refused(string kind, string text, string message)
    {
        File.WriteAllText(path, text);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Should.Throw<UsageException>(() => RecipeFile.LoadAny(path), kind);
        error.Message.ShouldContain(path);
        error.Message.ShouldContain(message);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan((4 << 20) + (200L * text.Length), kind);
    }

    [Fact]
    public void A_gigabyte_is_not_read()
    {
        using (var file = File.Create(path))
        {
            file.SetLength(1L << 30); // sparse
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        Should.Throw<UsageException>(() => RecipeFile.LoadAny(path)).Message.ShouldContain("is longer than 256 kB");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1 << 20);
    }
}
