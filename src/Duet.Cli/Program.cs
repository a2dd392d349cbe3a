using Duet.Cli.Hosting;

return await DuetCommand.RunAsync(args).ConfigureAwait(false);
