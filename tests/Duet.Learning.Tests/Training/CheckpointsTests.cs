using System.Text.Json.Nodes;
using Duet.Data.Files;
using Duet.Learning.Training;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Training;

public sealed class CheckpointsTests
{
    [Fact]
    public void A_change_of_any_byte_of_either_file_is_noticed()
    {
        using var run = new ToyRun(1, 2);
        foreach (var file in new[] { run.FileOf(2, "json"), run.FileOf(2, "safetensors") })
        {
            var bytes = File.ReadAllBytes(file);
            for (var i = 0; i < bytes.Length; i++)
            {
                bytes[i] ^= 1;
                File.WriteAllBytes(file, bytes);
                var damaged = new List<string>();
                run.Newest(damaged.Add).ShouldBe(1, $"{file} at {i}");
                damaged.Single().ShouldContain(run.FileOf(2, "safetensors"));
                bytes[i] ^= 1;
            }

            File.WriteAllBytes(file, bytes);
            run.Newest().ShouldBe(2);
        }
    }

    [Fact]
    public void A_file_that_was_cut_anywhere_is_noticed()
    {
        using var run = new ToyRun(1, 2);
        foreach (var file in new[] { run.FileOf(2, "json"), run.FileOf(2, "safetensors") })
        {
            var bytes = File.ReadAllBytes(file);
            for (var length = 0; length < bytes.Length; length += 7)
            {
                File.WriteAllBytes(file, bytes[..length]);
                run.Newest().ShouldBe(1, $"{file} of {length} bytes");
            }

            File.WriteAllBytes(file, bytes);
        }
    }

    [Fact]
    public void Tensors_and_json_of_two_saves_are_no_checkpoint()
    {
        using var run = new ToyRun(1, 2, 3);
        File.Copy(run.FileOf(2, "safetensors"), run.FileOf(3, "safetensors"), overwrite: true);
        run.Newest().ShouldBe(2);
        File.Copy(run.FileOf(1, "json"), run.FileOf(2, "json"), overwrite: true);
        var damaged = new List<string>();
        run.Newest(damaged.Add).ShouldBe(1);
        damaged[^1].ShouldContain("its JSON is that of step 1");
        File.Delete(run.FileOf(1, "safetensors"));
        Should.Throw<TrainingException>(() => run.Newest()).Message.ShouldContain("No checkpoint in");
    }

    [Fact]
    public void A_damaged_checkpoint_takes_no_good_one_s_place()
    {
        using var run = new ToyRun(1, 2, 3);
        File.AppendAllText(run.FileOf(3, "safetensors"), "x");
        var checkpoints = run.Resumed(keep: 2);
        run.Save(checkpoints, 4);
        run.Steps().ShouldBe([2, 4]);
        run.Save(checkpoints, 5);
        run.Steps().ShouldBe([4, 5]);
    }

    [Fact]
    public void A_checkpoint_of_lost_pseudo_labels_is_passed_over_by_a_resume_and_good_for_a_look()
    {
        using var run = new ToyRun(1);
        var part = Path.Combine(run.Folder.Path, "labels", "a.bin");
        Directory.CreateDirectory(Path.GetDirectoryName(part)!);
        File.WriteAllText(part, "abc");
        run.Task.Parts = [new("labels/a.bin", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")];
        run.Save(run.Resumed(keep: 2), 2);
        run.Newest().ShouldBe(2);
        File.WriteAllText(part, "abd");
        var damaged = new List<string>();
        run.Newest(damaged.Add).ShouldBe(1);
        damaged.Single().ShouldContain($"rests on '{part}'");
        using (var looked = Checkpoints.Newest(run.Folder))
        {
            looked!.Header.State.Step.ShouldBe(2);
        }

        File.Delete(part);
        damaged.Clear();
        run.Newest(damaged.Add).ShouldBe(1);
        damaged.Single().ShouldContain("can't be read");

        run.Task.Parts = [new("../../elsewhere", new('0', 64))];
        run.Save(run.Resumed(keep: 2), 2);
        damaged.Clear();
        run.Newest(damaged.Add).ShouldBe(1);
        damaged.Single().ShouldContain("no file of the run");
    }

    [Fact]
    public void Another_version_is_named_and_a_json_that_lacks_a_value_is_damage()
    {
        using var run = new ToyRun(1, 2);
        var text = File.ReadAllText(run.FileOf(2, "json"));
        var damaged = new List<string>();
        File.WriteAllText(run.FileOf(2, "json"), text.Replace("duet.checkpoint/2", "duet.checkpoint/9", StringComparison.Ordinal));
        run.Newest(damaged.Add).ShouldBe(1);
        damaged.Single().ShouldContain("'duet.checkpoint/9'");
        damaged.Single().ShouldContain("'duet.checkpoint/2'");

        foreach (var (name, _) in JsonNode.Parse(text)!.AsObject())
        {
            var without = JsonNode.Parse(text)!;
            without["format"] = "duet.checkpoint/1"; // whose JSON has no hash of its own
            without[name] = null;
            File.WriteAllText(run.FileOf(2, "json"), without.ToJsonString());
            run.Newest().ShouldBe(1, name);
        }
    }

    [Fact]
    public void Where_the_folder_has_gone_nothing_is_put_in_its_place()
    {
        using var run = new ToyRun(1);
        var checkpoints = run.Resumed(keep: 2);
        var away = run.Folder.Path + "-away";
        Directory.Move(run.Folder.Path, away);
        Should.Throw<FileWriteException>(() => run.Save(checkpoints, 2)).Message.ShouldContain("is not there any more");
        Directory.Exists(run.Folder.Path).ShouldBeFalse();
        Directory.CreateDirectory(run.Folder.Path); // as where the run lay in a mount's root
        Should.Throw<FileWriteException>(() => run.Save(checkpoints, 2));
        Directory.GetFileSystemEntries(run.Folder.Path).ShouldBeEmpty();
        Directory.Delete(run.Folder.Path);
        Directory.Move(away, run.Folder.Path);
        run.Save(checkpoints, 2);
        run.Steps().ShouldBe([1, 2]);
    }
}
