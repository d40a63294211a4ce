package org.reverie.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** Opens local pages in a headless Chromium, where one is installed. */
final class Chromium {
    private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome");

    private final Path program;
    private final Path folder;

    private Chromium(Path program, Path folder) {
        this.program = program;
        this.folder = folder;
    }

    /** Skips the running test, and says so, where there is no browser. */
    static Chromium orSkip(Path folder) {
        Path found = Stream.of(System.getenv().getOrDefault("PATH", "/usr/bin").split(":"))
                .flatMap(directory -> NAMES.stream().map(name -> Path.of(directory, name)))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
        Assumptions.assumeTrue(
                found != null, "no Chromium is installed (Debian's package is chromium): the page is not tested");
        return new Chromium(found, folder);
    }

    /** What the page has become, and everything the browser said. */
    record Page(String dom, String log) {}

    /** The document after its scripts have run. */
    Page open(Path page, int width) throws Exception {
        Path dom = folder.resolve("dom.html");
        String log = run(dom, page, width, 1000, "--dump-dom");
        return new Page(Files.readString(dom), log);
    }

    /** A PNG of the first {@code height} pixels. */
    void screenshot(Path page, int width, int height, Path png, String... more) throws Exception {
        List<String> flags = new ArrayList<>(List.of(more));
        flags.add("--hide-scrollbars");
        flags.add("--screenshot=" + png);
        run(folder.resolve("screenshot.out"), page, width, height, flags.toArray(String[]::new));
    }

    private String run(Path out, Path page, int width, int height, String... flags)
            throws IOException, InterruptedException {
        Path log = folder.resolve("chromium.log");
        Path profile = Files.createTempDirectory(folder, "profile");
        List<String> command = new ArrayList<>(List.of(
                program.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--enable-logging=stderr",
                "--user-data-dir=" + profile,
                "--window-size=" + width + "," + height));
        command.addAll(List.of(flags));
        command.add(page.toUri().toString());
        int status = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(log.toFile())
                .start()
                .waitFor();
        String said = Files.readString(log, StandardCharsets.ISO_8859_1);
        assertEquals(0, status, said);
        return said;
    }
}
