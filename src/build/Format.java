import com.palantir.javaformat.java.Formatter;
import com.palantir.javaformat.java.FormatterException;
import com.palantir.javaformat.java.JavaFormatterOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks ({@code check}) or rewrites ({@code apply}) the format of all Java files under the given folders, with
 * palantir-java-format. It is a program of its own because a formatter plugin would run in Maven's JVM, and a formatter
 * that borrows the parser of an older JDK cannot read Java 25.
 */
public final class Format {
    private Format() {}

    enum Outcome {
        UNCHANGED,
        CHANGED,
        BROKEN
    }

    record Result(Path file, Outcome outcome, String message) {}

    public static void main(String[] args) throws IOException {
        if (args.length < 2 || !(args[0].equals("check") || args[0].equals("apply"))) {
            System.err.println("usage: Format check|apply FOLDER...");
            System.exit(2);
        }
        boolean apply = args[0].equals("apply");
        List<Path> files = new ArrayList<>();
        for (String folder : List.of(args).subList(1, args.length)) {
            files.addAll(javaFiles(Path.of(folder)));
        }
        List<Result> results = files.parallelStream()
                .map(file -> format(file, apply))
                .filter(result -> result.outcome() != Outcome.UNCHANGED)
                .toList();
        for (Result result : results) {
            System.err.println(result.file() + ": " + result.message());
        }
        boolean broken = results.stream().anyMatch(result -> result.outcome() == Outcome.BROKEN);
        if (!apply && !results.isEmpty()) {
            System.err.println("To format all files: mvn -q -P format validate");
        }
        System.exit(broken || (!apply && !results.isEmpty()) ? 1 : 0);
    }

    private static List<Path> javaFiles(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (var walk = Files.walk(folder)) {
            return walk.filter(path -> path.toString().endsWith(".java"))
                    .filter(Files::isRegularFile)
                    .sorted()
                    .toList();
        }
    }

    private static Result format(Path file, boolean apply) {
        try {
            String source = Files.readString(file);
            String formatted = formatter().formatSourceAndFixImports(source);
            if (source.equals(formatted)) {
                return new Result(file, Outcome.UNCHANGED, "");
            }
            if (apply) {
                Files.writeString(file, formatted);
            }
            return new Result(file, Outcome.CHANGED, apply ? "formatted" : "is not formatted");
        } catch (FormatterException | IOException e) {
            return new Result(file, Outcome.BROKEN, e.getMessage());
        }
    }

    private static Formatter formatter() {
        return Formatter.createFormatter(JavaFormatterOptions.builder()
                .style(JavaFormatterOptions.Style.PALANTIR)
                .formatJavadoc(false)
                .build());
    }
}
