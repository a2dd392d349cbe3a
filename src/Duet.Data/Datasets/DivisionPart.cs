namespace Duet.Data.Datasets;

/// <summary>What a video is for in one division of a data set.</summary>
public enum DivisionPart
{
    /// <summary>Nothing: it neither teaches nor tests.</summary>
    Unused,

    /// <summary>To learn from (<c>train</c>, <c>training</c>).</summary>
    Train,

    /// <summary>To choose by (<c>val</c>, <c>valid</c>, <c>validation</c>).</summary>
    Validation,

    /// <summary>To report numbers on (<c>test</c>, <c>testing</c>).</summary>
    Test,
}
