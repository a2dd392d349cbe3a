namespace Duet.Learning.Pretext.Clustering;

/// <summary>One clustering's pseudo-labels, by the parts' indices.</summary>
/// <param name="Training">Of the training parts; <see cref="None"/> where a clip could not be read.</param>
/// <param name="TrainingDistances">How far each lies from its centroid.</param>
/// <param name="Validation">Of the validation parts.</param>
/// <param name="ValidationDistances">How far each lies from its centroid.</param>
internal sealed record ClusterAssignment(int[] Training, float[] TrainingDistances, int[] Validation, float[] ValidationDistances)
{
    /// <summary>No label.</summary>
    public const int None = -1;

    /// <summary>An assignment without labels yet.</summary>
    public static ClusterAssignment Empty(int training, int validation)
    {
        var assignment = new ClusterAssignment(new int[training], new float[training], new int[validation], new float[validation]);
        Array.Fill(assignment.Training, None);
        Array.Fill(assignment.Validation, None);
        return assignment;
    }
}
