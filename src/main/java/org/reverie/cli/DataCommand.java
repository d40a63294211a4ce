package org.reverie.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.reverie.data.DataCatalogue;
import org.reverie.data.DataSource;
import org.reverie.data.Downloader;
import org.reverie.data.DrawnSets;
import org.reverie.data.RemoteFile;
import org.reverie.data.Split;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The data sets of the papers. */
@Command(
        name = "data",
        description = "List the known data sets, and fetch them.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {DataCommand.ListSets.class, DataCommand.Fetch.class})
final class DataCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    /** Which sets there are, and which of them are here. */
    @Command(
            name = "list",
            description = {
                "List the known data sets: which are here, what is in them, on what terms, and where the files"
                        + " come from. Any path works where a name does."
            },
            footer = {"", "Examples:", "  reverie data list", "  reverie data list --data-dir ~/sets --addresses"})
    static final class ListSets implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Mixin
        private DataOptions data;

        @Option(names = "--addresses", description = "Also the files' addresses and checksums.")
        private boolean addresses;

        @Override
        public Integer call() {
            PrintWriter out = spec.commandLine().getOut();
            Path folder = data.folder();
            out.printf(Locale.ROOT, "%-16s  %-5s  %s%n", "name", "here", "what");
            for (DataSource source : DataCatalogue.all()) {
                out.printf(Locale.ROOT, "%-16s  %-5s  %s%n", source.name(), here(source, folder), source.about());
                if (addresses) {
                    describe(source, out);
                }
            }
            for (String name : DrawnSets.names()) {
                out.printf(Locale.ROOT, "%-16s  %-5s  %s%n", name, "drawn", DrawnSets.about(name));
            }
            return Main.OK;
        }

        private static void describe(DataSource source, PrintWriter out) {
            out.println("    terms: " + source.licence());
            for (RemoteFile file : source.files()) {
                out.println("    " + file.address());
                out.println("        " + file.checksum());
            }
            if (source.note() != null) {
                out.println("    " + source.note());
            }
        }

        /** Whether there is anything at one of the set's usual places; which splits it holds, only reading it tells. */
        private static String here(DataSource source, Path folder) {
            return isHere(source, Split.TRAIN, folder) || isHere(source, Split.TEST, folder) ? "yes" : "-";
        }

        private static boolean isHere(DataSource source, Split split, Path folder) {
            return source.places(split).stream().anyMatch(place -> Files.exists(folder.resolve(place)));
        }
    }

    /** Gets a set from its official address. */
    @Command(
            name = "fetch",
            description = {
                "Fetch a data set from its official address, check it and unpack it.",
                "A transfer that broke off goes on where it stopped; what is there already is checked and kept. Mind"
                        + " the terms that reverie data list --addresses shows."
            },
            footer = {"", "Examples:", "  reverie data fetch mnist", "  reverie data fetch cifar10 --data-dir ~/sets"})
    static final class Fetch implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Mixin
        private DataOptions data;

        @Parameters(paramLabel = "NAME", description = "A known data set, see reverie data list.")
        private String name;

        @Option(names = "--quiet", description = "Show no progress.")
        private boolean quiet;

        @Override
        public Integer call() throws IOException, InterruptedException {
            DataSource source = DataCatalogue.find(name)
                    .orElseThrow(() -> new ParameterException(
                            spec.commandLine(),
                            "no data set is called " + name + "; there are "
                                    + String.join(
                                            ", ",
                                            DataCatalogue.all().stream()
                                                    .map(DataSource::name)
                                                    .toList())));
            try (TerminalProgress progress = new TerminalProgress(
                    quiet ? null : TerminalProgress.terminal(), Main.of(spec).interruption())) {
                List<Path> files = new Downloader().fetch(source, data.folder(), (file, done, total) -> {
                    if (total > 0) {
                        progress.at(file, done >> 10, total >> 10, "KiB");
                    }
                });
                progress.close();
                files.forEach(spec.commandLine().getOut()::println);
            }
            return Main.OK;
        }
    }
}
