package org.reverie.data;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/**
 * Pictures batch by batch as an encoder's input. The next batch is read, decoded and resized while the caller works on the
 * current one. Two batches of floats are held, whatever the number of pictures. A picture that can't be read is left out of
 * its batch and reported with it.
 */
public final class ImageBatches implements AutoCloseable {
    /** A picture that is read when its turn comes. */
    public interface Picture {
        String name();

        /** Decodes it; called once, on any thread. */
        Image image() throws IOException;

        /** Called after {@link #image}, for the pictures of a batch in order and by one thread. */
        default void done() throws IOException {}
    }

    /**
     * Pictures that were readable, in order, and why others were not.
     *
     * @param pixels {@code [names.size(), side, side, 3]} from the start; the rest of the array means nothing. It is
     *     overwritten once the next batch is asked for
     */
    public record Batch(float[] pixels, List<String> names, List<IOException> unreadable) {}

    private final Iterator<? extends Picture> pictures;
    private final Preprocess preprocess;
    private final int size;
    private final ExecutorService reader = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("read-images-", 0).factory());
    private final Deque<float[]> free = new ArrayDeque<>();
    private CompletableFuture<Batch> next;
    private Batch current;

    /**
     * @param pictures asked for on one thread of its own
     * @param size pictures in a batch, readable or not; the last batch may have fewer
     */
    public ImageBatches(Iterator<? extends Picture> pictures, Preprocess preprocess, int size) {
        this.pictures = pictures;
        this.preprocess = preprocess;
        this.size = size;
        for (int i = 0; i < 2; i++) {
            free.add(new float[Math.multiplyExact(size, preprocess.floatsPerImage())]);
        }
        this.next = read();
    }

    /** The images of a set. */
    public static Iterator<Picture> of(ImageSet set) {
        return IntStream.range(0, set.size())
                .mapToObj(i -> (Picture) new Member(set, i))
                .iterator();
    }

    private record Member(ImageSet set, int index) implements Picture {
        @Override
        public String name() {
            return set.imageName(index);
        }

        @Override
        public Image image() throws IOException {
            return set.image(index);
        }
    }

    /** The next batch, which may hold nothing but unreadable pictures; null after the last. */
    public Batch next() {
        if (current != null) {
            free.add(current.pixels());
        }
        current = next.join();
        next = current == null ? next : read();
        return current;
    }

    private CompletableFuture<Batch> read() {
        float[] pixels = free.remove();
        return CompletableFuture.supplyAsync(() -> read(pixels), reader);
    }

    private Batch read(float[] pixels) {
        List<Picture> part = new ArrayList<>(size);
        while (part.size() < size && pictures.hasNext()) {
            part.add(pictures.next());
        }
        if (part.isEmpty()) {
            return null;
        }
        IOException[] failures = new IOException[part.size()];
        IntStream.range(0, part.size()).parallel().forEach(i -> {
            try {
                preprocess.fill(part.get(i).image(), pixels, i * preprocess.floatsPerImage());
            } catch (IOException e) {
                failures[i] = e;
            }
        });
        for (int i = 0; i < failures.length; i++) {
            try {
                part.get(i).done();
            } catch (IOException e) {
                failures[i] = failures[i] == null ? e : failures[i];
            }
        }
        return readable(pixels, part, failures);
    }

    private Batch readable(float[] pixels, List<Picture> part, IOException[] failures) {
        List<String> names = new ArrayList<>();
        List<IOException> unreadable = new ArrayList<>();
        int floats = preprocess.floatsPerImage();
        for (int i = 0; i < failures.length; i++) {
            if (failures[i] != null) {
                unreadable.add(failures[i]);
                continue;
            }
            if (names.size() < i) {
                System.arraycopy(pixels, i * floats, pixels, names.size() * floats, floats);
            }
            names.add(part.get(i).name());
        }
        return new Batch(pixels, names, unreadable);
    }

    /** Stops reading; a batch that was handed out stays valid. */
    @Override
    public void close() {
        reader.shutdownNow();
    }
}
