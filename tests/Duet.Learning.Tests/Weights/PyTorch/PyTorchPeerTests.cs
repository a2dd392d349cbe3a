using System.Diagnostics;
using System.Text.Json;
using Duet.Learning.Tests.Models;
using Duet.Learning.Weights;
using Shouldly;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Weights.PyTorch;

/// <summary>Against a PyTorch of this machine, full-size networks in both formats and both directions. Left out where there is none.</summary>
[Trait("Category", "Slow")]
public sealed class PyTorchPeerTests : IDisposable
{
    private const string Python = "/usr/bin/python3";
    private static readonly Lazy<string?> Missing = new(() => OperatingSystem.IsLinux() && File.Exists(Python) && Run("-c", "import torch, torchvision").Code == 0
        ? null
        : $"{Python} has no torch and torchvision (Debian: python3-torch, python3-torchvision).");

    private readonly string folder = Directory.CreateTempSubdirectory("duet-peer-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Imported_networks_compute_what_PyTorch_computes_and_exported_ones_load_there()
    {
        Assert.SkipWhen(Missing.Value is not null, Missing.Value ?? "");
        using var scope = NewDisposeScope();
        using var none = no_grad();
        long[] shape = [2, 3, 4, 48, 48];
        var input = TorchvisionParityTests.Signal(shape);
        File.WriteAllText(In("input.json"), JsonSerializer.Serialize(new { shape, values = input.data<float>().ToArray() }));
        Peer("make");
        foreach (var name in new[] { "r2plus1d_18", "mc3_18" })
        {
            foreach (var (format, prefix, left) in new[] { ("zip", "", "fc."), ("legacy", "model.module.", "model.module.fc.") })
            {
                var result = WeightsImport.Run(In($"{name}.{format}.pth"), In($"{name}.{format}.safetensors"), new ImportOptions());
                (result.FileFormat, result.Prefix, result.Card.Encoder.Name, result.Missing.Count).ShouldBe(($"pytorch {format}", prefix, name, 0));
                result.LeftOver.Select(t => t.Name).ShouldBe([left + "weight", left + "bias"]);
                var (encoder, _) = EncoderFile.Load(In($"{name}.{format}.safetensors"));
                using (encoder)
                {
                    ShouldEqual(encoder.forward(input).mean([2, 3, 4]), $"{name}.json", $"{name}, {format}");
                }
            }

            WeightsExport.Run(In($"{name}.zip.safetensors"), In($"{name}.exported.pth")).FileFormat.ShouldBe("pytorch zip");
        }

        Peer("read").ShouldBe("<All keys matched successfully>\n<All keys matched successfully>\n");
        foreach (var name in new[] { "r2plus1d_18", "mc3_18" })
        {
            File.ReadAllText(In($"{name}.exported.json")).ShouldBe(File.ReadAllText(In($"{name}.json")), "PyTorch computes the same bits with what comes back");
        }
    }

    /// <summary>The same files: PyTorch runs their commands, which shows that they are what they seem, and Duet does not.</summary>
    [Fact]
    public void What_runs_a_command_in_PyTorch_is_refused_and_runs_nothing()
    {
        foreach (var format in new[] { "zip", "legacy" })
        {
            var pickle = PickleBytes.Command($"touch '{In($"{format}.ran")}'");
            File.WriteAllBytes(In($"command.{format}.pth"), format == "zip" ? Checkpoints.Zip(pickle) : Checkpoints.Legacy(pickle));
            foreach (var open in new Action[]
            {
                () => WeightsFile.Open(In($"command.{format}.pth")).Dispose(),
                () => WeightsInspection.Of(In($"command.{format}.pth")),
                () => WeightsImport.Run(In($"command.{format}.pth"), In("x.safetensors"), new ImportOptions()),
            })
            {
                Should.Throw<WeightsException>(open).Message.ShouldContain("its pickle asks for 'os.system', which is not on the list of harmless types");
            }

            File.Exists(In($"{format}.ran")).ShouldBeFalse();
        }

        Assert.SkipWhen(Missing.Value is not null, $"Refused in both formats, nothing was run. What PyTorch does with them was not seen: {Missing.Value}");
        Peer("run");
        File.Exists(In("zip.ran")).ShouldBeTrue("a pickle that does no harm where it is trusted shows nothing");
        File.Exists(In("legacy.ran")).ShouldBeTrue("a pickle that does no harm where it is trusted shows nothing");
    }

    private static void ShouldEqual(Tensor actual, Tensor expected, string what)
    {
        var error = (actual.flatten() - expected).abs().max().ToDouble() / expected.abs().max().ToDouble();
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: largest error {error:g2} of the largest output");
        error.ShouldBeLessThan(1e-4, what);
    }

    private void ShouldEqual(Tensor actual, string file, string what) => ShouldEqual(actual, tensor(JsonSerializer.Deserialize<float[]>(File.ReadAllText(In(file)))!), what);

    private string Peer(string what)
    {
        var (code, output, error) = Run(Path.Combine(AppContext.BaseDirectory, "Fixtures", "peer_weights.py"), what, folder);
        code.ShouldBe(0, error);
        return output;
    }

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Python, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.GetAwaiter().GetResult());
    }

    private string In(string name) => Path.Combine(folder, name);
}
