namespace Duet.Data.Datasets;

/// <summary>How a source is laid out.</summary>
public enum DatasetLayout
{
    /// <summary>A data set's own layout where the folder has one, else a folder tree, a list or one file.</summary>
    Auto,

    /// <summary>A folder tree, whatever lies in it.</summary>
    Folder,

    /// <summary>A list: <c>.txt</c> with a path per line, <c>.csv</c> with the header <c>path,label,split</c>.</summary>
    List,

    /// <summary>ESC-50 as it is distributed: <c>meta/esc50.csv</c> beside <c>audio/</c>. Labels are categories, splits <c>fold1</c> to <c>fold5</c>.</summary>
    Esc50,

    /// <summary>The recordings of ESC-50 that its list marks as ESC-10.</summary>
    Esc10,

    /// <summary>UCF101: class folders and <c>ucfTrainTestlist/</c>. Labels are classes, splits <c>split1</c> to <c>split3</c>.</summary>
    Ucf101,

    /// <summary>HMDB51: class folders and <c>testTrainMulti_7030_splits/</c>. Labels are classes, splits <c>split1</c> to <c>split3</c>.</summary>
    Hmdb51,

    /// <summary>DCASE2014's acoustic scenes: <c>scenes_stereo/</c> and <c>scenes_stereo_testset/</c>, or lists in <c>evaluation_setup/</c>.</summary>
    Dcase2014,

    /// <summary>Kinetics-400, -600 or -700: lists with the header <c>label,youtube_id,time_start,time_end,split</c>.</summary>
    Kinetics,

    /// <summary>AudioSet: <c>balanced_train_segments.csv</c>, <c>unbalanced_train_segments.csv</c>, <c>eval_segments.csv</c>.</summary>
    AudioSet,

    /// <summary>VGGSound: <c>vggsound.csv</c>.</summary>
    VggSound,
}
