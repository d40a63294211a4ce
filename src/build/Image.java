import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;

/**
 * Builds the self-contained folder {@code target/reverie} and packs it: launcher, jars, and a runtime that jlink cuts
 * from the JDK that runs this program.
 *
 * <p>It is a program of its own, run by Maven with the JDK of the toolchain, so that the runtime never comes from the
 * JDK that happens to run Maven.
 */
public final class Image {
    /** What the engine, its libraries and their use of Java2D need; jlink adds what these require. */
    private static final List<String> MODULES = List.of(
            "java.base",
            "java.desktop",
            "java.logging",
            "java.management",
            "java.net.http",
            "jdk.incubator.vector",
            "jdk.management",
            "jdk.unsupported");

    private static final List<String> LINK_OPTIONS = List.of(
            "--strip-java-debug-attributes",
            "--no-header-files",
            "--no-man-pages",
            "--compress",
            "zip-0",
            "--generate-cds-archive");

    private final Path project;
    private final Path target;
    private final Path image;

    private Image(Path project) {
        this.project = project;
        this.target = project.resolve("target");
        this.image = target.resolve("reverie");
    }

    /** Arguments: project folder, its jar, its version, the runtime class path (entries that are no jars are ignored). */
    public static void main(String[] args) throws Exception {
        if (args.length != 4) {
            System.err.println("usage: Image PROJECT JAR VERSION CLASSPATH");
            System.exit(2);
        }
        try {
            new Image(Path.of(args[0])).build(Path.of(args[1]), args[2], args[3]);
        } catch (IOException | IllegalStateException e) {
            System.err.println("cannot build target/reverie: " + e.getMessage());
            System.exit(1);
        }
    }

    private void build(Path jar, String version, String classPath) throws IOException, InterruptedException {
        copyLaunchers();
        copyJars(jar, classPath);
        linkRuntime();
        pack("reverie-" + version + "-" + platform());
    }

    private void copyLaunchers() throws IOException {
        Path bin = Files.createDirectories(image.resolve("bin"));
        for (Path source : list(project.resolve("src/main/dist/bin"))) {
            Path copy = bin.resolve(source.getFileName());
            Files.copy(source, copy, StandardCopyOption.REPLACE_EXISTING);
            if (!copy.toFile().setExecutable(true, false)) {
                throw new IllegalStateException("cannot make " + copy + " executable");
            }
        }
        Files.copy(project.resolve("LICENSE"), image.resolve("LICENSE"), StandardCopyOption.REPLACE_EXISTING);
    }

    /** The folder {@code lib} holds these jars afterwards and nothing else. */
    private void copyJars(Path jar, String classPath) throws IOException {
        Path lib = Files.createDirectories(image.resolve("lib"));
        Set<Path> wanted = new HashSet<>();
        wanted.add(copyJar(jar, lib.resolve("reverie.jar")));
        for (String entry : classPath.split(System.getProperty("path.separator"))) {
            if (entry.endsWith(".jar")) {
                wanted.add(copyJar(Path.of(entry), lib.resolve(Path.of(entry).getFileName())));
            }
        }
        for (Path file : list(lib)) {
            if (!wanted.contains(file)) {
                Files.delete(file);
            }
        }
    }

    private static Path copyJar(Path from, Path to) throws IOException {
        return Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
    }

    /** Links the runtime unless the one that is there was linked from the same JDK with the same options. */
    private void linkRuntime() throws IOException {
        Path runtime = image.resolve("runtime");
        Path stamp = target.resolve("build-tools/runtime.txt");
        String key = String.join("\n", System.getProperty("java.home"), "" + Runtime.version()) + "\n" + MODULES + "\n"
                + LINK_OPTIONS + "\n";
        if (Files.exists(runtime.resolve("release"))
                && Files.exists(stamp)
                && Files.readString(stamp).equals(key)) {
            return;
        }
        delete(runtime);
        List<String> arguments = new ArrayList<>(LINK_OPTIONS);
        arguments.addAll(List.of("--add-modules", String.join(",", MODULES), "--output", runtime.toString()));
        ToolProvider jlink = ToolProvider.findFirst("jlink")
                .orElseThrow(() -> new IllegalStateException("no jlink in " + System.getProperty("java.home")
                        + ": a whole JDK is needed, this is a runtime only"));
        StringWriter said = new StringWriter();
        PrintWriter log = new PrintWriter(said, true);
        if (jlink.run(log, log, arguments.toArray(String[]::new)) != 0) {
            throw new IllegalStateException("jlink of " + System.getProperty("java.home") + " failed: " + said);
        }
        Files.createDirectories(stamp.getParent());
        Files.writeString(stamp, key);
    }

    private void pack(String name) throws IOException, InterruptedException {
        for (Path old : list(target)) {
            if (old.getFileName().toString().matches("reverie-.*\\.tar\\.gz")) {
                Files.delete(old);
            }
        }
        Path archive = target.resolve(name + ".tar.gz");
        Path partial = target.resolve(name + ".tar.gz.tmp");
        run(target, List.of("tar", "-czf", partial.toString(), "reverie"));
        Files.move(partial, archive, StandardCopyOption.REPLACE_EXISTING);
    }

    /** For example {@code linux-x86_64}. */
    private static String platform() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT).replace("mac os x", "macos");
        String arch = System.getProperty("os.arch").replace("amd64", "x86_64");
        return os.replaceAll("\\s.*", "") + "-" + arch;
    }

    private void run(Path folder, List<String> command) throws IOException, InterruptedException {
        Path log = Files.createDirectories(target.resolve("build-tools")).resolve("image.log");
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        if (!process.waitFor(10, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new IllegalStateException(command + " does not end");
        }
        if (process.exitValue() != 0) {
            throw new IllegalStateException(command + " failed: " + Files.readString(log));
        }
    }

    private static List<Path> list(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.toList();
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (var walk = Files.walk(folder)) {
            walk.sorted(Comparator.reverseOrder()).forEach(path -> {
                try {
                    Files.delete(path);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
