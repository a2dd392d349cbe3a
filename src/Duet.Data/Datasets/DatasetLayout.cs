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
}
