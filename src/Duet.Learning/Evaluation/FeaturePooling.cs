namespace Duet.Learning.Evaluation;

/// <summary>How a stage's map becomes one row of features.</summary>
public enum FeaturePooling
{
    /// <summary>The mean over time and space: one value per channel.</summary>
    Average,

    /// <summary>The largest value over time and space: one per channel.</summary>
    Max,

    /// <summary>All values of the map, as the papers' audio protocol has it.</summary>
    Flatten,

    /// <summary>
    /// Means over a coarse grid of 4 by 4: time and mel bands of sound; height and width of frames, whose time is averaged first. A map with fewer places
    /// repeats them (adaptive average pooling, as AVID-CMA's audio evaluation has it).
    /// </summary>
    Grid,
}
