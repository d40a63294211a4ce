package org.reverie.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import picocli.CommandLine.PicocliException;

/** Words an exception as one line for the user. */
final class ErrorLine {
    private ErrorLine() {}

    /** The cause in one line; never empty. */
    static String of(Throwable error) {
        Throwable cause = error instanceof UncheckedIOException && error.getCause() != null ? error.getCause() : error;
        String text = switch (cause) {
            // A device's pool names what it holds.
            case OutOfMemoryError e when message(e).startsWith("no ") -> message(e);
            case OutOfMemoryError e -> "out of memory (" + message(e) + "); REVERIE_OPTS=-Xmx… raises the limit";
            case NoSuchFileException e -> "no such file: " + e.getFile();
            case FileAlreadyExistsException e -> "file exists already: " + e.getFile();
            case AccessDeniedException e -> "permission denied: " + e.getFile();
            case NotDirectoryException e -> "not a directory: " + e.getFile();
            case DirectoryNotEmptyException e -> "folder is not empty: " + e.getFile();
            case FileSystemException e -> message(e);
            case IOException e -> message(e);
            case PicocliException e -> message(e);
            case IllegalArgumentException e -> message(e);
            case IllegalStateException e -> message(e);
            case UnsupportedOperationException e -> message(e);
            default -> "internal error: " + cause + " (--stacktrace shows where)";
        };
        return text.strip().replaceAll("\\s*\\R\\s*", " ");
    }

    private static String message(Throwable error) {
        String message = error.getMessage();
        return message == null || message.isBlank() ? error.getClass().getSimpleName() : message;
    }
}
