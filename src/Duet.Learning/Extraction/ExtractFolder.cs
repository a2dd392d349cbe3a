using System.Globalization;
using Duet.Data;
using Duet.Data.Files;
using Duet.Data.Tables;

namespace Duet.Learning.Extraction;

/// <summary>A folder of parts.</summary>
internal static class ExtractFolder
{
    /// <summary>Makes the folder, and checks before any work that it can be written and holds nothing but these parts.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="parts">How many parts it will hold.</param>
    /// <exception cref="UsageException">It holds other tables.</exception>
    /// <exception cref="FileWriteException">It can't be written.</exception>
    public static void Prepare(string folder, int parts)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var stranger = Directory.EnumerateFiles(folder, "*" + FeatureParts.Extension).Select(Path.GetFileName)
                .FirstOrDefault(n => !n!.StartsWith('.') && !(FeatureParts.IsPart(n) && string.CompareOrdinal(n, FeatureParts.FileName(parts)) < 0));
            if (stranger is not null)
            {
                throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"'{folder}' holds '{stranger}', which is none of the {parts} parts to be written. Name another --out, or an empty folder."));
            }

            using var trial = new FileStream(Path.Combine(folder, $".{Guid.NewGuid():N}.trial"), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (FileWriteException.Explains(e))
        {
            throw FileWriteException.For(folder, e);
        }
    }
}
