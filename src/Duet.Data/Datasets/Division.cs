using Duet.Data.Store;

namespace Duet.Data.Datasets;

/// <summary>One way in which a data set's authors divide it.</summary>
/// <param name="Name">Its name in the catalog: <c>split1</c>, or the fold that is tested.</param>
/// <param name="Train">Videos that teach, those for validation included, by id.</param>
/// <param name="Test">Videos that test, by id.</param>
/// <param name="Unused">Videos that do neither, by id.</param>
public sealed record Division(string Name, IReadOnlyList<StoredVideo> Train, IReadOnlyList<StoredVideo> Test, IReadOnlyList<StoredVideo> Unused);
