using Duet.Learning.Pretext.Avts;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Pretext;

public sealed class CurriculumTests
{
    [Fact]
    public void The_papers_recipe_is_the_default()
    {
        var curriculum = new Curriculum(new AvtsOptions().Curriculum);
        curriculum.Epochs.ShouldBe(90);
        curriculum.At(0).Stage.Easy.ShouldBe(1);
        curriculum.At(49).Index.ShouldBe(0);
        curriculum.At(50).Index.ShouldBe(1);
        curriculum.At(50).Stage.Hard.ShouldBe(0.25);
        curriculum.At(89).Index.ShouldBe(1);
        Should.Throw<ArgumentOutOfRangeException>(() => curriculum.At(90));
        Should.Throw<ArgumentOutOfRangeException>(() => curriculum.At(-1));
    }

    [Fact]
    public void Every_epoch_belongs_to_the_stage_that_a_walk_over_them_finds()
    {
        CurriculumStage[] stages = [new() { Epochs = 3, Easy = 1 }, new() { Epochs = 1, Hard = 1 }, new() { Epochs = 5, SuperHard = 1 }];
        var curriculum = new Curriculum(stages);
        var walk = stages.SelectMany((s, i) => Enumerable.Repeat(i, s.Epochs));
        Enumerable.Range(0, curriculum.Epochs).Select(e => curriculum.At(e).Index).ShouldBe(walk);
    }

    [Theory]
    [InlineData(0, 1, 0, 0, nameof(CurriculumStage.Epochs))]
    [InlineData(1, 0.5, 0.2, 0.2, nameof(CurriculumStage.Easy))]
    [InlineData(1, 1.5, -0.5, 0, nameof(CurriculumStage.Hard))]
    [InlineData(1, double.NaN, 0, 0, nameof(CurriculumStage.Easy))]
    public void A_stage_that_makes_no_sense_is_named(int epochs, double easy, double hard, double superHard, string property) =>
        new CurriculumStage { Epochs = epochs, Easy = easy, Hard = hard, SuperHard = superHard }.Validate().ShouldContain(e => e.Property == property);

    [Fact]
    public void Stages_are_described_for_people()
    {
        Curriculum.Describe(new() { Epochs = 1, Easy = 0.75, Hard = 0.25 }).ShouldBe("75 % easy, 25 % hard");
        Curriculum.Describe(new() { Epochs = 1, SuperHard = 1 }).ShouldBe("100 % super-hard");
    }
}
