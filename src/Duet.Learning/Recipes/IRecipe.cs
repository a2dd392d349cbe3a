namespace Duet.Learning.Recipes;

/// <summary>What a recipe file can hold: a <see cref="Recipe"/> to pretrain by, or an <see cref="EvaluationRecipe"/> to evaluate by.</summary>
public interface IRecipe
{
    /// <summary>The recipe's name: small letters, digits and underscores; a file's name without <c>.yaml</c>.</summary>
    string Name { get; }
}
