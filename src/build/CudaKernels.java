import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Compiles {@code kernels/cuda/FAMILY.cu} to {@code FAMILY.fatbin} among the classes, if there is an nvcc: machine code for
 * sm_80 and sm_90a, and PTX for later cards. A family is compiled again only when its text, a header, the options or nvcc
 * have changed. A kernel named in a line {@code //@hot NAME} may use no local memory, for spills or anything else.
 *
 * <p>It is a program of its own, run by Maven with the JDK of the toolchain.
 */
public final class CudaKernels {
    /** No contraction and no shortcuts: the contract says where an fma is. The jar compresses, so the fatbin need not. */
    private static final List<String> OPTIONS = List.of(
            "-fatbin",
            "-std=c++17",
            "--fmad=false",
            "-ftz=false",
            "-prec-div=true",
            "-prec-sqrt=true",
            "-gencode=arch=compute_80,code=[sm_80,compute_80]",
            "-gencode=arch=compute_90a,code=sm_90a",
            "--no-compress",
            "-Xptxas=-v",
            "-Werror=all-warnings");

    private static final Pattern INCLUDE = Pattern.compile("(?m)^#include \"([^\"]+)\"");
    private static final Pattern HOT = Pattern.compile("(?m)^//@hot (\\w+)$");
    private static final Pattern USE = Pattern.compile("Compiling entry function '(\\w+)' for '(\\w+)'(?s:.*?)"
            + "(\\d+) bytes stack frame, (\\d+) bytes spill stores, (\\d+) bytes spill loads");

    private final String nvcc;
    private final String version;
    private final Path sources;
    private final Path classes;
    private final Path notes;

    private CudaKernels(String nvcc, Path project, Path target) throws IOException, InterruptedException {
        this.nvcc = nvcc;
        this.sources = project.resolve("kernels/cuda");
        this.classes = Files.createDirectories(target.resolve("classes/org/reverie/kernels/cuda"));
        this.notes = Files.createDirectories(target.resolve("build-tools/cuda"));
        this.version = nvcc == null ? null : run(notes.resolve("nvcc.txt"), nvcc, "--version");
    }

    /** Arguments: project folder, target folder. */
    public static void main(String[] args) throws Exception {
        if (args.length != 2) {
            System.err.println("usage: CudaKernels PROJECT TARGET");
            System.exit(2);
        }
        try {
            new CudaKernels(find(), Path.of(args[0]), Path.of(args[1])).build();
        } catch (IllegalStateException e) {
            System.err.println("cannot compile the CUDA kernels: " + e.getMessage());
            System.exit(1);
        }
    }

    /** The compiler on the PATH or in the toolkit's usual place; null if there is none. */
    private static String find() {
        List<String> folders = new ArrayList<>(
                List.of(System.getenv().getOrDefault("PATH", "").split(System.getProperty("path.separator"))));
        folders.add(System.getenv().getOrDefault("CUDA_HOME", "/usr/local/cuda") + "/bin");
        return folders.stream()
                .map(folder -> Path.of(folder, "nvcc"))
                .filter(Files::isExecutable)
                .findFirst()
                .map(Path::toString)
                .orElse(null);
    }

    private void build() throws Exception {
        Set<Path> made = new TreeSet<>();
        if (nvcc == null) {
            System.out.println("no nvcc on this machine: the jar carries no CUDA kernels");
        } else {
            try (ExecutorService workers =
                    Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
                List<Future<Path>> families = new ArrayList<>();
                for (Path source : list(sources, ".cu")) {
                    families.add(workers.submit(() -> family(source)));
                }
                for (Future<Path> family : families) {
                    made.add(family.get());
                }
            } catch (ExecutionException e) {
                throw e.getCause() instanceof IllegalStateException refused ? refused : e;
            }
        }
        for (Path old : list(classes, ".fatbin")) {
            if (!made.contains(old)) {
                Files.delete(old);
            }
        }
    }

    private Path family(Path source) throws IOException, InterruptedException {
        String name = source.getFileName().toString().replace(".cu", "");
        Path fatbin = classes.resolve(name + ".fatbin");
        Path stamp = notes.resolve(name + ".key");
        StringBuilder text = new StringBuilder();
        append(source.normalize(), text, new TreeSet<>());
        String key = hash(version + OPTIONS + text);
        if (Files.exists(fatbin)
                && Files.exists(stamp)
                && Files.readString(stamp).equals(key)) {
            return fatbin;
        }
        Files.deleteIfExists(stamp);
        Path partial = notes.resolve(name + ".fatbin");
        List<String> command = new ArrayList<>(List.of(nvcc));
        command.addAll(OPTIONS);
        command.addAll(List.of("-o", partial.toString(), source.toString()));
        String log = run(notes.resolve(name + ".log"), command.toArray(String[]::new));
        check(name, log, text);
        Files.move(partial, fatbin, StandardCopyOption.REPLACE_EXISTING);
        Files.writeString(stamp, key);
        return fatbin;
    }

    /** The text of a source and of all headers of ours that it includes; those that stand in for a GPU are not beside it. */
    private static void append(Path file, StringBuilder text, Set<Path> seen) throws IOException {
        if (Files.exists(file) && seen.add(file)) {
            String own = Files.readString(file);
            text.append(own);
            Matcher include = INCLUDE.matcher(own);
            while (include.find()) {
                append(file.resolveSibling(include.group(1)).normalize(), text, seen);
            }
        }
    }

    private static void check(String family, String log, CharSequence text) {
        Set<String> hot = new TreeSet<>();
        HOT.matcher(text).results().forEach(m -> hot.add(m.group(1)));
        Set<String> unseen = new TreeSet<>(hot);
        Matcher use = USE.matcher(log);
        while (use.find()) {
            unseen.remove(use.group(1));
            boolean local = !(use.group(3) + use.group(4) + use.group(5)).equals("000");
            if (hot.contains(use.group(1)) && local) {
                throw new IllegalStateException(String.format(
                        "the hot kernel %s (%s.cu, %s) uses local memory: %s bytes of stack, %s and %s bytes of spills",
                        use.group(1), family, use.group(2), use.group(3), use.group(4), use.group(5)));
            }
        }
        if (!unseen.isEmpty()) {
            throw new IllegalStateException(family + ".cu calls kernels hot that it does not have: " + unseen);
        }
    }

    private static String run(Path log, String... command) throws IOException, InterruptedException {
        int status = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start()
                .waitFor();
        String said = Files.readString(log);
        if (status != 0) {
            throw new IllegalStateException(String.join(" ", command) + " failed:\n" + said);
        }
        return said;
    }

    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<Path> list(Path folder, String end) throws IOException {
        try (var files = Files.list(folder)) {
            return files.filter(f -> f.toString().endsWith(end)).sorted().toList();
        }
    }
}
