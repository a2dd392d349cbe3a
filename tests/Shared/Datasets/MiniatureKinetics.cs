using System.Globalization;

namespace Duet.Tests.Shared.Datasets;

/// <summary>
/// Kinetics with three classes: four videos each to teach and two to validate, and two to test whose list has no labels. With the real one's quirks: a label in quotes, one in brackets, 'validate', ids that begin
/// with a dash or hold low lines, a folder per class with blanks or low lines, flat folders, plain ids, a replacement for a damaged video.
/// </summary>
internal static class MiniatureKinetics
{
    public static readonly string[] Classes = ["air drumming", "testifying", "using remote controller (not gaming)"];

    public static Miniature Make(string root, MiniatureOptions options)
    {
        var tree = new Miniature();
        var (train, validate, test) = (new List<string> { "label,youtube_id,time_start,time_end,split,is_cc" }, new List<string> { "label,youtube_id,time_start,time_end,split" }, new List<string> { "youtube_id,time_start,time_end,split" });
        for (var c = 0; c < Classes.Length; c++)
        {
            var label = c == 0 ? $"\"{Classes[c]}\"" : Classes[c];
            for (var n = 0; n < 6; n++)
            {
                var id = string.Create(CultureInfo.InvariantCulture, $"-{c}_Lo{(n % 2 == 0 ? '-' : '_')}d2{n}Ab");
                var path = (c, n) switch
                {
                    (_, 0) => $"train/{Classes[c]}/{id}_000059_000069.mp4",
                    (_, 1) => $"train/{Classes[c].Replace(' ', '_')}/{id}_000059_000069.mp4",
                    (0, 2) => $"replacement/replacement_for_corrupted_k400/{id}_000059_000069.mp4",
                    (_, 2) => $"train/{id}_000059_000069.mp4",
                    (_, 3) => $"train/{Classes[c]}/{id}.mp4",
                    _ => $"val/{id}_000059_000069.mkv",
                };
                ClassMedia.Put(root, path, options, c, n, pictures: true, sound: true);
                tree.Expected.Add(path, (Classes[c], n < 4 ? "train" : "val"));
                (n < 4 ? train : validate).Add(n < 4 ? $"{label},{id},59,69,train,0" : $"{label},{id},59,69,validate");
            }
        }

        for (var n = 0; n < 2; n++)
        {
            var path = $"test/testTESTte{n}_000000_000010.mp4";
            ClassMedia.Put(root, path, options, 3, n, pictures: true, sound: true);
            tree.Expected.Add(path, (null, "test"));
            test.Add($"testTESTte{n},0,10,test");
        }

        if (options.Damaged)
        {
            train.AddRange(["testifying,gone-gone-g,5,15,train,0", "testifying,brokenbroke,5,15,train,1"]);
            tree.Missing.Add("gone-gone-g_000005_000015");
            File.WriteAllText(Path.Combine(root, "train/testifying/brokenbroke_000005_000015.mp4"), "no video");
            tree.Broken.Add("train/testifying/brokenbroke_000005_000015.mp4");
            string[] extra = ["train/-0_Lo-d22Ab_000059_000069.mp4", "train/testifying/gone-gone-g_000006_000016.mp4", "train/testifying/holiday.mp4"]; // damaged, another part, another video
            for (var i = 0; i < extra.Length; i++)
            {
                ClassMedia.Put(root, extra[i], options, 4, i, pictures: true, sound: true);
            }

            tree.Unlisted.AddRange(extra);
        }

        ClassMedia.List(root, "annotations/train.csv", train, "\r\n");
        ClassMedia.List(root, "annotations/validate.csv", validate);
        ClassMedia.List(root, "annotations/test.csv", test, endsOpen: true);
        return tree;
    }
}
