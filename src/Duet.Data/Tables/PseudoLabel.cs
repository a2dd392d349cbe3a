namespace Duet.Data.Tables;

/// <summary>The cluster of one clip.</summary>
/// <param name="Clip">The clip's id, <c>video id/number</c>.</param>
/// <param name="Video">The video's id.</param>
/// <param name="Number">The clip's number in its video, from 0.</param>
/// <param name="Start">Where the clip's window starts, seconds.</param>
/// <param name="Part"><see cref="PseudoLabelTable.Training"/> where the clip formed the centroids, <see cref="PseudoLabelTable.Validation"/> where it was only assigned to them.</param>
/// <param name="Cluster">Its cluster, from 0.</param>
/// <param name="Distance">Its l2 distance to that cluster's centroid, in the space that was clustered.</param>
public sealed record PseudoLabel(string Clip, string Video, int Number, double Start, string Part, int Cluster, float Distance);
