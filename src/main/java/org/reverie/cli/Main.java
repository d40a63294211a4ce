package org.reverie.cli;

import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionStrategy;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;

/**
 * The program {@code reverie}. Exit codes: {@value #OK} success, {@value #FAILED} the command failed, {@value #USAGE}
 * the command line was wrong. An error is one line on standard error.
 */
@Command(
        name = "reverie",
        description = "Out-of-distribution detection on a compute engine in pure Java.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {})
public final class Main implements Runnable {
    public static final int OK = 0;
    public static final int FAILED = 1;
    public static final int USAGE = 2;

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Option(
            names = "--stacktrace",
            hidden = true,
            scope = ScopeType.INHERIT,
            description = "Show where an error comes from.")
    private boolean stacktrace;

    public static void main(String[] args) {
        System.exit(run(commandLine(new Main()), args));
    }

    /** The whole program as picocli sees it. */
    static CommandLine commandLine(Main main) {
        CommandLine line = new CommandLine(main);
        IExecutionStrategy runLast = new CommandLine.RunLast();
        line.setExecutionStrategy(parsed -> execute(runLast, parsed));
        line.setParameterExceptionHandler((error, _) -> usageError(error));
        line.setExecutionExceptionHandler((error, command, _) -> main.failed(error, command));
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setUsageHelpAutoWidth(true);
        return line;
    }

    /** Runs one command line and returns its exit code; errors go to the command's error stream. */
    static int run(CommandLine line, String... args) {
        try {
            return line.execute(args);
        } catch (Throwable error) {
            // picocli hands only exceptions to the handlers: running out of memory comes here.
            Main main = line.getCommand();
            return main.failed(error, line);
        }
    }

    private static int execute(IExecutionStrategy strategy, ParseResult parsed) {
        Integer helpPrinted = CommandLine.executeHelpRequest(parsed);
        if (helpPrinted != null) {
            return helpPrinted;
        }
        VectorModule.require();
        return strategy.execute(parsed);
    }

    /** Without a command there is nothing to do: says so, as any other error in the command line. */
    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    private static int usageError(ParameterException error) {
        CommandLine command = error.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        print(command, name + ": " + ErrorLine.of(error) + " (see " + name + " --help)");
        return USAGE;
    }

    private int failed(Throwable error, CommandLine command) {
        if (stacktrace) {
            error.printStackTrace(command.getErr());
        }
        print(command, command.getCommandSpec().qualifiedName() + ": " + ErrorLine.of(error));
        return FAILED;
    }

    private static void print(CommandLine command, String text) {
        PrintWriter err = command.getErr();
        err.println(text);
        err.flush();
    }
}
