namespace Duet.Learning.Training;

/// <summary>A fixed choice of some out of many, evenly over all: what validation looks at, the same in every epoch.</summary>
internal static class EvenSpread
{
    /// <summary>At most so many places, by their order.</summary>
    /// <param name="count">How many there are.</param>
    /// <param name="most">How many to take.</param>
    public static IEnumerable<int> Of(int count, int most) => count <= most
        ? Enumerable.Range(0, count)
        : Enumerable.Range(0, most).Select(i => (int)((long)i * count / most));
}
