package org.reverie.cli;

import java.io.PrintWriter;
import java.util.concurrent.CancellationException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionStrategy;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;

/**
 * The program {@code reverie}. Exit codes: {@value #OK} success, {@value #FAILED} the command failed, {@value #USAGE}
 * the command line was wrong, {@value #STOPPED} the user stopped it. An error is one line on standard error; results go to
 * standard output, progress to standard error.
 */
@Command(
        name = "reverie",
        description = "Out-of-distribution detection on a compute engine in pure Java.",
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            DevicesCommand.class,
            DemoCommand.class,
            PredictCommand.class,
            PretrainCommand.class,
            TrainCommand.class,
            EvalCommand.class,
            ScoreCommand.class,
            SampleCommand.class,
            ImagineCommand.class,
            DreamCommand.class,
            FingerprintCommand.class,
            DataCommand.class
        },
        footer = {
            "",
            "Exit codes: 0 success, 1 the command failed, 2 the command line was wrong, 130 stopped by Ctrl-C.",
            "Each command has a --help with examples."
        })
public final class Main implements Runnable {
    public static final int OK = 0;
    public static final int FAILED = 1;
    public static final int USAGE = 2;
    public static final int STOPPED = 130;

    private final Interruption interruption = new Interruption();

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Show this help and exit.")
    private boolean help;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Show the version and exit.")
    private boolean version;

    @Option(
            names = "--stacktrace",
            hidden = true,
            scope = ScopeType.INHERIT,
            description = "Show where an error comes from.")
    private boolean stacktrace;

    public static void main(String[] args) {
        Main main = new Main();
        main.interruption.install();
        int code = run(commandLine(main), args);
        main.interruption.comeToRest();
        System.exit(code);
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

    /** The program that a command belongs to. */
    static Main of(CommandLine.Model.CommandSpec command) {
        return (Main) command.root().userObject();
    }

    /** The user's wish to stop, for commands that can go on later. */
    Interruption interruption() {
        return interruption;
    }

    private int failed(Throwable error, CommandLine command) {
        if (error instanceof CancellationException || interruption.requested()) {
            String words = error instanceof Stopped ? error.getMessage() : "stopped";
            print(command, command.getCommandSpec().qualifiedName() + ": " + words);
            return STOPPED;
        }
        if (stacktrace) {
            error.printStackTrace(command.getErr());
        }
        error(command, error);
        return FAILED;
    }

    /** Reports an error in one line, as {@link #run} does. */
    static void error(CommandLine command, Throwable error) {
        print(command, command.getCommandSpec().qualifiedName() + ": " + ErrorLine.of(error));
    }

    private static void print(CommandLine command, String text) {
        PrintWriter err = command.getErr();
        err.println(text);
        err.flush();
    }
}
