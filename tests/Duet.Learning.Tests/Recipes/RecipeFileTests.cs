using CsCheck;
using Duet.Data;
using Duet.Learning.Pretext.Avts;
using Duet.Learning.Recipes;
using Duet.Learning.Training;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Recipes;

public sealed class RecipeFileTests
{
    private const string Text = """
        name: a_recipe
        seed: 7
        clip:
          frames: 8
          frame_rate: 30000/1001
          scales: [1, 0.5]
          flip: false
        avts:
          loss: cross_entropy
          curriculum:
            - { epochs: 2, easy: 1 }
            - epochs: 3
              easy: 0.5
              hard: 0.5
        training:
          optimiser: { name: adamw, weight_decay: 1e-4 }
          learning_rate:
            base: 0.001
            schedule: cosine
        """;

    [Fact]
    public void Binds_every_kind_of_value_and_keeps_the_other_defaults()
    {
        var recipe = RecipeFile.Parse(Text, "r.yaml");

        recipe.Name.ShouldBe("a_recipe");
        recipe.Seed.ShouldBe(7);
        recipe.Clip.Frames.ShouldBe(8);
        recipe.Clip.FrameRate.ShouldBe(new Rational(30000, 1001));
        recipe.Clip.Scales.ShouldBe([1.0, 0.5]);
        recipe.Clip.Flip.ShouldBeFalse();
        recipe.Clip.Size.ShouldBe(new Recipe().Clip.Size);
        recipe.Avts.Loss.ShouldBe(AvtsLoss.CrossEntropy);
        recipe.Avts.Margin.ShouldBe(0.99);
        recipe.Avts.Curriculum.ShouldBe([new() { Epochs = 2, Easy = 1 }, new() { Epochs = 3, Easy = 0.5, Hard = 0.5 }]);
        recipe.Training.Optimiser.ShouldBe(new OptimiserOptions { Name = OptimiserName.AdamW, WeightDecay = 1e-4 });
        recipe.Training.LearningRate.Schedule.ShouldBe(LearningRateShape.Cosine);
        recipe.Epochs().ShouldBe(5);
    }

    [Theory]
    [InlineData("clip:\n  frame_rat: 25", "r.yaml:3", "clip", "unknown key 'frame_rat'; did you mean 'frame_rate'? Valid keys: frames, frame_rate, size,")]
    [InlineData("zzz: 1", "r.yaml:2", "", "unknown key 'zzz'. Valid keys: name, method, seed,")]
    [InlineData("training:\n  batch: many", "r.yaml:3", "training.batch", "expected a whole number, found 'many'.")]
    [InlineData("training:\n  batch: 1.5", "r.yaml:3", "training.batch", "expected a whole number, found '1.5'.")]
    [InlineData("training:\n  batch: \"8\"", "r.yaml:3", "training.batch", "expected a whole number, found the text \"8\". Take the quotes away.")]
    [InlineData("training:\n  batch: 99999999999", "r.yaml:3", "training.batch", "expected a whole number, found '99999999999'.")]
    [InlineData("training:\n  batch:", "r.yaml:3", "training.batch", "expected a whole number, found nothing.")]
    [InlineData("training:\n  batch: [8]", "r.yaml:3", "training.batch", "expected a whole number, found a list.")]
    [InlineData("training: 8", "r.yaml:2", "training", "expected a section with the keys epoch_size, batch,")]
    [InlineData("clip:\n  flip: yes", "r.yaml:3", "clip.flip", "expected true or false, found 'yes'.")]
    [InlineData("clip:\n  scales: 1", "r.yaml:3", "clip.scales", "expected a list, each a number, found '1'.")]
    [InlineData("clip:\n  scales: [1, .nan]", "r.yaml:3", "clip.scales[1]", "expected a number, found '.nan'.")]
    [InlineData("clip:\n  frame_rate: 1/0", "r.yaml:3", "clip.frame_rate", "expected a number or a fraction such as 30000/1001, of at most nine digits each, found '1/0'.")]
    [InlineData("avts:\n  loss: contrastiv", "r.yaml:3", "avts.loss", "expected one of contrastive, cross_entropy, found 'contrastiv'. Did you mean 'contrastive'?")]
    [InlineData("avts:\n  curriculum:\n    - { epochs: 1, easy: 1 }\n    - { epoch: 1, easy: 1 }", "r.yaml:5", "avts.curriculum[1]", "unknown key 'epoch'; did you mean 'epochs'?")]
    [InlineData("avts:\n  curriculum:\n    - { epochs: 1, easy: 0.5 }", "r.yaml:4", "avts.curriculum[0].easy", "easy + hard + super_hard must be 1, not 0.5")]
    [InlineData("training:\n  learning_rate:\n    base: -1", "r.yaml:4", "training.learning_rate.base", "must be above 0")]
    [InlineData("seed: 1\nseed: 2", "r.yaml:3", "", "the key 'seed' stands here a second time; the first is at r.yaml:2.")]
    [InlineData("seed: &a 1", "r.yaml:2", "", "anchors (&name) and aliases (*name) are not read")]
    [InlineData("seed: *a", "r.yaml:2", "", "anchors (&name) and aliases (*name) are not read")]
    [InlineData("seed: !!int 1", "r.yaml:2", "", "tags (!name) are not read")]
    [InlineData("<<: {}", "r.yaml:2", "", "unknown key '<<'.")]
    [InlineData("[a]: 1", "r.yaml:2", "", "a key must be a plain word.")]
    [InlineData("---\nname: b", "r.yaml:2", "", "holds a second document")]
    [InlineData("seed: [1", "r.yaml:3", "", "is not valid YAML")]
    public void Says_what_is_wrong_and_where(string lines, string location, string key, string message)
    {
        var error = Should.Throw<RecipeException>(() => RecipeFile.Parse("name: a\n" + lines + "\n", "r.yaml")).Errors.ShouldHaveSingleItem();

        error.Location.ShouldBe(location);
        error.Key.ShouldBe(key);
        error.Message.ShouldStartWith(message);
    }

    [Fact]
    public void Collects_every_error_of_one_reading()
    {
        var exception = Should.Throw<RecipeException>(() => RecipeFile.Parse("nam: a\nseed: x\nclip: { flip: 1 }", "r.yaml"));

        exception.Errors.Select(e => e.Location).ShouldBe(["r.yaml:1", "r.yaml:2", "r.yaml:3"]);
        exception.Message.Split('\n').Length.ShouldBe(3);
        exception.ExitCode.ShouldBe(2);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing but a comment")]
    [InlineData("- a\n- b")]
    [InlineData("just text")]
    public void Refuses_what_is_no_recipe_at_all(string text) => Should.Throw<RecipeException>(() => RecipeFile.Parse(text, "r.yaml"));

    [Fact]
    public void Caps_length_and_depth()
    {
        Should.Throw<RecipeException>(() => RecipeFile.Parse("name: " + new string('a', 300_000), "r.yaml")).Message.ShouldContain("longer than 256 kB");
        Should.Throw<RecipeException>(() => RecipeFile.Parse("name: " + new string('[', 50_000), "r.yaml")).Message.ShouldContain("levels deep");
        Should.Throw<RecipeException>(() => RecipeFile.Parse($"clip: {{ scales: [{string.Join(',', Enumerable.Repeat('1', 50_000))}] }}", "r.yaml")).Message.ShouldContain("values");
    }

    [Theory]
    [InlineData("training.batch=4", "training.batch: 16 -> 4")]
    [InlineData("training.optimiser.momentum=0.5", "training.optimiser.momentum: 0.9 -> 0.5")]
    [InlineData("clip.scales=[1, 0.25]", "clip.scales: [1, 0.5] -> [1, 0.25]")]
    [InlineData("clip.scales[1]=0.25", "clip.scales: [1, 0.5] -> [1, 0.25]")]
    [InlineData("clip.std[0]=0.5", "clip.std: [0.22803, 0.22145, 0.216989] -> [0.5, 0.22145, 0.216989]")]
    [InlineData("avts.curriculum[1].epochs=9", "avts.curriculum[1].epochs: 3 -> 9")]
    [InlineData("avts.curriculum[0]={epochs: 1, easy: 1}", "avts.curriculum[0].epochs: 2 -> 1")]
    [InlineData(" name = b ", "name: a_recipe -> b")]
    public void Set_overrides_one_value(string setting, string difference) =>
        RecipeFile.Differences(RecipeFile.Parse(Text, "r.yaml"), RecipeFile.Parse(Text, "r.yaml", [setting]))
            .Select(d => d.ToString())
            .ShouldBe([difference]);

    [Fact]
    public void Set_reaches_into_a_list_that_the_file_leaves_at_its_default()
    {
        var recipe = RecipeFile.Parse("name: a", "r.yaml", ["avts.curriculum[0].epochs=3", "avts.curriculum[1].epochs=1"]);

        recipe.Avts.Curriculum.ShouldBe([new() { Epochs = 3, Easy = 1 }, new() { Epochs = 1, Easy = 0.75, Hard = 0.25 }]);
    }

    [Fact]
    public void Set_may_mend_what_the_file_alone_would_violate()
    {
        var halves = "name: a\navts: { curriculum: [{ epochs: 1, easy: 0.5 }] }";

        RecipeFile.Parse(halves, "r.yaml", ["avts.curriculum[0].hard=0.5"]).Avts.Curriculum[0].Hard.ShouldBe(0.5);
    }

    [Theory]
    [InlineData("training.batc=4", "--set training.batc=4: training: unknown key 'batc'; did you mean 'batch'?")]
    [InlineData("training.batch=x", "--set training.batch=x: training.batch: expected a whole number, found 'x'.")]
    [InlineData("training.batch=0", "--set training.batch=0: training.batch: must be at least 2")]
    [InlineData("trainin.batch=4", "--set trainin.batch=4: unknown key 'trainin'; did you mean 'training'?")]
    [InlineData("training=4", "--set training=4: training: is a section; set its values one by one: training.epoch_size=...")]
    [InlineData("seed.x=4", "--set seed.x=4: seed: is a single value and has no keys.")]
    [InlineData("avts.curriculum.epochs=4", "--set avts.curriculum.epochs=4: avts.curriculum: is a list; name an element by its number: avts.curriculum[0].")]
    [InlineData("avts.curriculum[7].epochs=4", "--set avts.curriculum[7].epochs=4: avts.curriculum: has 2 elements, numbered from 0; there is no [7].")]
    [InlineData("avts.curriculum[0].epochs[0]=4", "--set avts.curriculum[0].epochs[0]=4: avts.curriculum.epochs: is no list, so its elements can't be set.")]
    [InlineData("clip.scales[0].x=4", "--set clip.scales[0].x=4: clip.scales: its elements are single values and have no keys.")]
    [InlineData("training.batch", "--set training.batch: expected key=value, such as training.batch=8.")]
    [InlineData("a..b=1", "--set a..b=1: the key must be words joined by points")]
    [InlineData("seed=[1", "--set seed=[1: is not valid YAML")]
    public void Set_is_as_strict_as_the_file(string setting, string message) =>
        Should.Throw<RecipeException>(() => RecipeFile.Parse(Text, "r.yaml", [setting])).Message.ShouldStartWith(message);

    [Fact]
    public void Written_recipes_read_back_equal()
    {
        var recipe = RecipeFile.Parse(Text, "r.yaml");
        var yaml = RecipeFile.ToYaml(recipe);
        var again = RecipeFile.Parse(yaml, "resolved.yaml");

        again.ShouldBe(recipe);
        RecipeFile.ToYaml(again).ShouldBe(yaml);
        RecipeFile.Fingerprint(again).ShouldBe(RecipeFile.Fingerprint(recipe));
        RecipeFile.Differences(recipe, again).ShouldBeEmpty();
        yaml.ShouldContain("weight_decay: 0.0001\n");
        yaml.ShouldContain("    - { epochs: 3, easy: 0.5, hard: 0.5, super_hard: 0 }\n");
    }

    [Fact]
    public void Written_recipes_read_back_equal_whatever_the_values() =>
        Gen.Select(Gen.Long, Gen.Double[1e-300, 1e300], Gen.Int[0, 1000], Gen.Double[0, 1].Array[1, 4])
            .Sample((seed, rate, patience, scales) =>
            {
                var recipe = new Recipe { Name = "a", Seed = seed };
                recipe = recipe with
                {
                    Clip = recipe.Clip with { Scales = scales },
                    Training = recipe.Training with { LearningRate = new() { Base = rate, Patience = patience } },
                };
                var again = OptionBinder.Bind<Recipe>((SectionNode)YamlReader.Read(RecipeFile.ToYaml(recipe), _ => ""), validate: false);
                again.Clip.Scales.ShouldBe(scales);
                again.Training.LearningRate.ShouldBe(recipe.Training.LearningRate);
                again.Seed.ShouldBe(seed);
                RecipeFile.Fingerprint(again).ShouldBe(RecipeFile.Fingerprint(recipe));
            });

    [Fact]
    public void Fractions_are_written_as_people_write_them_and_read_back_exactly() =>
        Gen.Select(Gen.Long[1, 1_000_000_000], Gen.OneOf(Gen.Long[1, 1_000_000_000], Gen.Int[0, 6].Select(digits => (long)Math.Pow(10, digits))))
            .Sample((numerator, denominator) =>
            {
                var value = new Rational(numerator, denominator);
                ScalarTypes.Parse(new ScalarNode(ScalarTypes.Format(value), Quoted: false, ""), typeof(Rational)).ShouldBe(value);
            });

    [Theory]
    [InlineData("32/25", "1.28")]
    [InlineData("25/2", "12.5")]
    [InlineData("25/3", "25/3")]
    [InlineData("-0.500", "-0.5")]
    [InlineData("7", "7")]
    public void A_fraction_is_decimal_where_that_is_exact(string written, string expected) =>
        ScalarTypes.Format(ScalarTypes.Parse(new ScalarNode(written, Quoted: false, ""), typeof(Rational))!).ShouldBe(expected);

    [Fact]
    public void Texts_that_look_like_something_else_read_back_as_texts() =>
        Gen.OneOf(Gen.String, OneOf("true", "null", "~", "", "8", "a: b", "# c", "&d", "'", "\"", "\\", "a\nb", "\u0085", "\U0001F600", "- e", "[f]"))
            .Where(s => !s.Any(char.IsSurrogate) || string.Equals(s, "\U0001F600", StringComparison.Ordinal))
            .Sample(text =>
            {
                var written = OptionWriter.ToYaml(new Recipe { Name = text });
                OptionBinder.Bind<Recipe>((SectionNode)YamlReader.Read(written, _ => ""), validate: false).Name.ShouldBe(text);
            });

    [Fact]
    public void A_difference_names_every_value_that_changed()
    {
        var before = RecipeFile.Parse(Text, "r.yaml");
        var after = RecipeFile.Parse(Text, "r.yaml", ["seed=8", "avts.curriculum=[{epochs: 2, easy: 1}]", "training.device=cpu"]);

        RecipeFile.Differences(before, after).Select(d => d.ToString()).ShouldBe(
        [
            "seed: 7 -> 8",
            "avts.curriculum[1].epochs: 3 -> (none)",
            "avts.curriculum[1].easy: 0.5 -> (none)",
            "avts.curriculum[1].hard: 0.5 -> (none)",
            "avts.curriculum[1].super_hard: 0 -> (none)",
            "training.device: auto -> cpu",
        ]);
        RecipeFile.Fingerprint(after).ShouldNotBe(RecipeFile.Fingerprint(before));
    }

    [Fact]
    public void Whatever_the_text_nothing_but_a_recipe_or_a_recipe_error_comes_out()
    {
        var pieces = OneOf(
            ": ", ":", "\n", "  ", "- ", "[", "]", "{", "}", ",", "\"", "'", "&a", "*a", "!t", "!!", "|", ">", "#", "%YAML 1.1", "---", "...", "?", "\t", "\0", "@", "`", "<<", "~",
            "name", "clip", "scales", "training", "avts", "curriculum", "epochs", "seed", "1", "-1", "1e999", "a", "\u2028", "\ufeff", "\\x", "\"\\q\"", "\ud800");
        var mutated = Gen.Select(Gen.Int[0, Text.Length - 1], Gen.Int[0, 12], pieces)
            .Array[1, 4]
            .Select(edits => edits.Aggregate(Text, (t, e) => t.Remove(Math.Min(e.Item1, t.Length - 1), Math.Min(e.Item2, t.Length - Math.Min(e.Item1, t.Length - 1))).Insert(Math.Min(e.Item1, t.Length - 13), e.Item3)));
        var made = pieces.Array[0, 40].Select(string.Concat);
        Gen.Select(Gen.OneOf(mutated, made, Gen.String), Gen.OneOf(pieces.Array[0, 8].Select(p => "training.batch=" + string.Concat(p)), pieces.Array[0, 8].Select(string.Concat)))
            .Sample(
                (text, setting) =>
                {
                    OnlyRecipeErrors(() => RecipeFile.Parse(text, "r.yaml"));
                    OnlyRecipeErrors(() => RecipeFile.Parse(Text, "r.yaml", [setting]));
                },
                iter: 5000);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1")]
    [InlineData("2147483647")]
    [InlineData("-2147483648")]
    [InlineData("1e308")]
    [InlineData("1e-308")]
    [InlineData("1/1000000000")]
    [InlineData("999999937/1000000000")]
    [InlineData("1000000000")]
    [InlineData("[]")]
    [InlineData("[1]")]
    [InlineData("{}")]
    public void Whatever_the_value_of_an_option_nothing_but_a_recipe_or_a_recipe_error_comes_out(string value)
    {
        foreach (var (key, _) in OptionWriter.Flatten(OptionWriter.ToNode(RecipeFile.Parse(Text, "r.yaml"))))
        {
            OnlyRecipeErrors(() => RecipeFile.Parse(Text, "r.yaml", [$"{key}={value}"]));
        }
    }

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private static void OnlyRecipeErrors(Func<Recipe> parse)
    {
        try
        {
            RecipeFile.ToYaml(parse()).ShouldNotBeEmpty();
        }
        catch (RecipeException exception)
        {
            exception.Errors.ShouldNotBeEmpty();
        }
    }
}
