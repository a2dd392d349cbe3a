using System.Reflection;
using Duet.Learning.Native;
using Shouldly;
using TorchSharp;
using Xunit;

namespace Duet.Learning.Tests.Native;

/// <summary>
/// TorchSharp hands the native handle of a <see cref="Scalar"/> on and lets go of the object: from then on the garbage collector may finalise it, and with it free the number, while the
/// native call still reads it. It takes a collection at that very moment, so it comes once in millions of calls. No test run would find a new place: this looks through the compiled code,
/// TorchSharp's for what passes such a handle on, and Duet's for who calls that.
/// </summary>
public sealed class FinalizerTests
{
    private static readonly ILookup<MethodBase, MethodBase> CallersInTorchSharp = IlCalls.Methods(typeof(Scalar).Assembly)
        .SelectMany(m => IlCalls.Of(m).Distinct().Where(c => c.Module == m.Module).Select(c => (Caller: m, Called: c)))
        .ToLookup(p => p.Called, p => p.Caller);

    /// <summary>What passes a scalar's handle on, itself or further down.</summary>
    private static readonly HashSet<MethodBase> PassOn = Reaching(typeof(Scalar).GetProperty("Handle", BindingFlags.NonPublic | BindingFlags.Instance)!.GetMethod!);

    /// <summary>What makes a scalar, itself or further down.</summary>
    private static readonly HashSet<MethodBase> Make = Reaching(typeof(Scalar).GetConstructors(BindingFlags.NonPublic | BindingFlags.Instance).Single());

    [Fact]
    public void What_is_dangerous_is_found()
    {
        var names = PassOn.Select(m => $"{m.DeclaringType!.Name}.{m.Name}({string.Join(", ", m.GetParameters().Select(p => p.ParameterType.Name))})").ToHashSet(StringComparer.Ordinal);
        string[] dangerous =
        [
            "Tensor.op_Multiply(Tensor, Double)", "Tensor.op_Addition(Tensor, Tensor)", "Tensor.add_(Tensor)", "Tensor.clamp_min(Scalar)", "Tensor.square()", "Tensor.fill_(Scalar)",
            "TensorExtensionMethods.ToDouble(Tensor)", "linalg.vector_norm(Tensor, Double, Int64[], Boolean)", "torch.arange(Scalar, Scalar, Nullable`1, Device, Boolean)",
        ];
        string[] safe = ["Tensor.op_Multiply(Tensor, Tensor)", "Tensor.op_Subtraction(Tensor, Tensor)", "Tensor.sqrt()", "Tensor.norm(Single)"];
        dangerous.ShouldAllBe(d => names.Contains(d));
        safe.ShouldAllBe(s => !names.Contains(s));
    }

    [Fact]
    public void Nothing_but_arithmetic_passes_a_number_to_libtorch()
    {
        var found = IlCalls.Methods(typeof(Arithmetic).Assembly)
            .Where(m => m.DeclaringType != typeof(Arithmetic))
            .SelectMany(m => IlCalls.Of(m).Where(c => PassOn.Contains(c) || Makes(c)).Select(c => $"{m.DeclaringType}.{m.Name} calls {c.DeclaringType!.Name}.{c}"))
            .ToArray();
        found.ShouldBeEmpty($"take the method of {nameof(Arithmetic)} for it, or add one there");
    }

    [Fact]
    public void Arithmetic_keeps_each_number_until_the_call_has_returned()
    {
        var methods = typeof(Arithmetic).GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.DeclaredOnly);
        methods.ShouldNotBeEmpty();
        foreach (var method in methods)
        {
            var called = IlCalls.Of(method).ToArray();
            var made = called.Count(Makes);
            made.ShouldBeGreaterThan(0, method.Name);
            called.Count(c => c.Name == nameof(IDisposable.Dispose)).ShouldBe(made, $"{method.Name}: each has its using");
            called.Where(c => PassOn.Contains(c) && Make.Contains(c)).ShouldBeEmpty($"{method.Name} calls what makes a number of its own and passes it on");
        }
    }

    /// <summary>What a module's forward pass calls is decided when it runs: TorchSharp's own modules could call anything.</summary>
    [Fact]
    public void No_network_is_made_of_TorchSharps_modules()
    {
        var found = IlCalls.Methods(typeof(Arithmetic).Assembly)
            .SelectMany(m => IlCalls.Of(m).Where(c => c.Module == typeof(Scalar).Module && !c.IsAbstract && IsModule(c)).Select(c => $"{m.DeclaringType}.{m.Name} makes {c.DeclaringType!.Name}.{c}"))
            .ToArray();
        found.ShouldBeEmpty();

        static bool IsModule(MethodBase called)
        {
            var made = called is MethodInfo method ? method.ReturnType : called.DeclaringType!;
            return made.IsSealed && typeof(torch.nn.Module).IsAssignableFrom(made);
        }
    }

    private static bool Makes(MethodBase method) => method is MethodInfo { ReturnType: var made } && made == typeof(Scalar);

    private static HashSet<MethodBase> Reaching(MethodBase target)
    {
        var found = new HashSet<MethodBase>();
        var open = new Queue<MethodBase>([target]);
        while (open.TryDequeue(out var method))
        {
            foreach (var caller in CallersInTorchSharp[method].Where(found.Add))
            {
                open.Enqueue(caller);
            }
        }

        return found;
    }
}
