namespace Duet.Data;

/// <summary>An option record with constraints that its types alone can't express.</summary>
public interface IValidated
{
    /// <summary>Every constraint that does not hold; empty where all do.</summary>
    IEnumerable<ValidationError> Validate();
}

/// <summary>A constraint that does not hold.</summary>
/// <param name="Property">The property's name; the recipe binder maps it to a key, a file and a line.</param>
/// <param name="Message">What is wrong and what would be right.</param>
public sealed record ValidationError(string Property, string Message);
