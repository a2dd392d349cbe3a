using Duet.Data;
using Duet.Data.Store;
using Duet.Learning.Evaluation.Finetuning;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Evaluation.Finetuning;

public sealed class TrainingVideosTests
{
    /// <summary>Classes of 3, 10 and 40 videos.</summary>
    private static readonly StoredVideo[] Videos =
    [
        .. Enumerable.Range(0, 53).Select(i => LevelStore.Video($"{i:x32}", 40, i < 3 ? "few" : i < 13 ? "some" : "many")),
    ];

    [Fact]
    public void A_smaller_share_of_the_labels_is_part_of_a_larger_one()
    {
        HashSet<string> before = [];
        foreach (var share in new[] { 0.01, 0.1, 0.3, 0.5, 0.999, 1 })
        {
            var taken = TrainingVideos.Share(Videos, share, 7);
            taken.Select(v => v.Id).ShouldBe(taken.Select(v => v.Id).Order(StringComparer.Ordinal));
            before.IsSubsetOf(taken.Select(v => v.Id)).ShouldBeTrue();
            before = [.. taken.Select(v => v.Id)];
            foreach (var (label, all) in new[] { ("few", 3), ("some", 10), ("many", 40) })
            {
                taken.Count(v => v.Label == label).ShouldBe((int)Math.Ceiling(share * all)); // at least one of each
            }
        }

        before.Count.ShouldBe(Videos.Length);
    }

    [Fact]
    public void Which_labels_depends_on_the_seed_and_the_ids_alone()
    {
        string[] Ids(long seed, IEnumerable<StoredVideo> videos) => [.. TrainingVideos.Share([.. videos], 0.3, seed).Select(v => v.Id)];
        Ids(7, Videos.Reverse()).ShouldBe(Ids(7, Videos));
        Ids(8, Videos).ShouldNotBe(Ids(7, Videos));

        // A class that is added moves nothing in the others.
        Ids(7, [.. Videos, LevelStore.Video(new string('f', 32), 40, "new")]).ShouldBe([.. Ids(7, Videos), new string('f', 32)]);
    }

    [Fact]
    public void About_a_share_of_every_class_is_held_out_and_something_of_each_is_left()
    {
        var (train, validation) = TrainingVideos.HoldOut(Videos, 0.2, 7);
        train.Concat(validation).Select(v => v.Id).Order(StringComparer.Ordinal).ShouldBe(Videos.Select(v => v.Id));
        foreach (var (label, held) in new[] { ("few", 1), ("some", 2), ("many", 8) })
        {
            validation.Count(v => v.Label == label).ShouldBe(held);
        }

        TrainingVideos.HoldOut([.. Videos.Take(4)], 0.2, 7).Validation.Count.ShouldBe(1); // "some" has but one video
        Should.Throw<UsageException>(() => TrainingVideos.HoldOut([Videos[0], Videos[4]], 0.2, 7)).Message.ShouldContain("No class has two recordings");
    }

    [Fact]
    public void Videos_of_one_recording_stay_on_one_side()
    {
        var videos = Enumerable.Range(0, 60).Select(i => LevelStore.Video($"{i:x32}", 40, "Archery") with { SourcePath = $"Archery/v_Archery_g{(i / 6) + 1:00}_c{(i % 6) + 1:00}.avi" }).ToArray();
        var (train, validation) = TrainingVideos.HoldOut(videos, 0.15, 7);
        validation.Count.ShouldBe(12); // 9 wanted: two whole groups
        string[] Groups(IReadOnlyList<StoredVideo> some) => [.. some.Select(v => v.SourcePath[18..21]).Distinct()];
        Groups(train).Intersect(Groups(validation)).ShouldBeEmpty();
    }

    [Fact]
    public void The_best_learning_rate_is_the_most_accurate_then_the_surest_then_the_smallest()
    {
        SweepPoint.Best([new(0.1, 0.5, 1, 9), new(0.2, 0.6, 2, 9), new(0.3, 0.6, 1, 9), new(0.01, null, null, 9)])!.LearningRate.ShouldBe(0.3);
        SweepPoint.Best([new(0.2, 0.6, 1, 9), new(0.1, 0.6, 1, 9)])!.LearningRate.ShouldBe(0.1);
        SweepPoint.Best([new(0.2, null, null, 9)]).ShouldBeNull();
    }
}
