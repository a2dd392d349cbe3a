using System.Globalization;

namespace Duet.Tests.Shared.Datasets;

/// <summary>DCASE2014's scenes, three of ten and three recordings in each part: names tell the class, one class's begins with another's, and both parts have the same names.</summary>
internal static class MiniatureDcase2014
{
    public static readonly string[] Classes = ["bus", "tube", "tubestation"];

    public static Miniature Make(string root, MiniatureOptions options)
    {
        var tree = new Miniature();
        foreach (var (folder, split, first) in new[] { ("scenes_stereo", "train", 0), ("scenes_stereo_testset", "test", 10) })
        {
            for (var c = 0; c < Classes.Length; c++)
            {
                for (var n = 1; n <= 3; n++)
                {
                    var path = string.Create(CultureInfo.InvariantCulture, $"{folder}/{Classes[c]}{n:00}.wav");
                    ClassMedia.Put(root, path, options, c, first + n, pictures: false, sound: true);
                    tree.Expected.Add(path, (Classes[c], split));
                }
            }
        }

        if (options.Damaged)
        {
            File.WriteAllText(Path.Combine(root, "scenes_stereo/bus04.wav"), "no sound");
            tree.Broken.Add("scenes_stereo/bus04.wav");
            ClassMedia.Put(root, "scenes_stereo/volcano01.wav", options, 5, 1, pictures: false, sound: true);
            ClassMedia.Put(root, "scenes_stereo/bus.wav", options, 5, 2, pictures: false, sound: true);
            tree.Unlisted.AddRange(["scenes_stereo/bus.wav", "scenes_stereo/volcano01.wav"]);
        }

        ClassMedia.List(root, "scenes_stereo/README.txt", ["a text"]);
        return tree;
    }
}
