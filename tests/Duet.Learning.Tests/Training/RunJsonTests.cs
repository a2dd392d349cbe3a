using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Duet.Learning.Evaluation.Finetuning;
using Duet.Learning.Training;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Training;

/// <summary>A run's files by the types that they are read into: nothing where a value belongs must not become a null reference days later.</summary>
public sealed class RunJsonTests : IDisposable
{
    private readonly string path = Path.GetTempFileName();

    public void Dispose() => File.Delete(path);

    [Fact]
    public void An_environment_lacks_nothing() => EachValueIsNeeded(new RunEnvironment
    {
        Duet = "1",
        Dotnet = "10",
        Torchsharp = "1",
        Libtorch = "2",
        System = "s",
        Processor = "p",
        Cores = 2,
        CpuFeatures = "avx",
        Threads = 2,
        Device = "cpu",
        Precision = "fp32",
        PrecisionReason = "because",
    });

    [Fact]
    public void A_finetunings_origin_lacks_nothing() => EachValueIsNeeded(new FinetuneOrigin
    {
        Run = "r",
        Method = "avts",
        Step = 3,
        Weights = "w",
        Store = "s",
        StoreFingerprint = "f",
        Splits = ["split1"],
        Videos = ["v"],
    });

    [Fact]
    public void A_point_of_a_sweep_lacks_nothing() => EachValueIsNeeded(new SweepPoint(0.1, 0.5, 1.5, 20));

    private void EachValueIsNeeded<T>(T whole)
        where T : notnull
    {
        var json = JsonNode.Parse(System.Text.Json.JsonSerializer.Serialize(whole, RunJson.File))!.AsObject();
        Read<T>(json);
        var nullable = new NullabilityInfoContext();
        var refused = 0;
        foreach (var property in typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => json.ContainsKey(RunJson.File.PropertyNamingPolicy!.ConvertName(p.Name))))
        {
            var key = RunJson.File.PropertyNamingPolicy!.ConvertName(property.Name);
            var nothing = json.DeepClone().AsObject();
            nothing[key] = null;
            if (nullable.Create(property).ReadState == NullabilityState.Nullable)
            {
                Read<T>(nothing);
                continue;
            }

            Should.Throw<TrainingException>(() => Read<T>(nothing), $"{key} is null").Message.ShouldContain("Do this.");
            nothing.Remove(key);
            if (property.IsDefined(typeof(RequiredMemberAttribute)) || typeof(T).GetConstructors().Any(c => c.GetParameters().Any(p => p.Name == property.Name))) // others have a value of their own
            {
                Should.Throw<TrainingException>(() => Read<T>(nothing), $"{key} is missing").Message.ShouldContain("Do this.");
            }

            refused++;
        }

        refused.ShouldBeGreaterThan(1);
    }

    private T Read<T>(JsonObject json)
    {
        File.WriteAllText(path, json.ToJsonString());
        return RunJson.Read<T>(path, "Do this.");
    }
}
