package org.reverie.ood.dlsr;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.reverie.data.ImageBatches;
import org.reverie.data.ImageSet;
import org.reverie.data.Preprocess;
import org.reverie.models.ImageModel;
import org.reverie.models.Progress;
import org.reverie.op.Pointwise;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Repeated;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/**
 * Runs a frozen encoder over images and pools the taps. Features do not depend on the batch size.
 */
public final class FeatureExtractor {
    private final ImageModel model;
    private final Preprocess preprocess;
    private final List<String> taps;
    private final LayerPooling pooling;
    private final Device device;
    private final int batch;
    private final Map<String, String> identity;

    /**
     * @param model an encoder with its weights loaded on {@code device}
     * @param weights identifies the weights, for example their SHA-256
     * @param taps the activations to read, shallow to deep
     * @param batch images computed at once; bounds the memory
     */
    public FeatureExtractor(
            ImageModel model, String weights, List<String> taps, LayerPooling pooling, Device device, int batch) {
        this.model = model;
        this.preprocess = model.preprocess();
        this.taps = List.copyOf(taps);
        this.pooling = pooling;
        this.device = device;
        this.batch = batch;
        this.identity = Map.of(
                "encoder", model.name(),
                "weights", weights,
                "taps", String.join(",", taps),
                "pooling", pooling.name().toLowerCase(java.util.Locale.ROOT),
                "preprocess", preprocess.name() + "@" + preprocess.side());
    }

    public Preprocess preprocess() {
        return preprocess;
    }

    /** What equal features have in common, without the images. */
    public Map<String, String> identity() {
        return identity;
    }

    /** As {@link #extract}, but reads {@code cache} if it holds just these features, and else writes it. */
    public LayerFeatures cached(ImageSet set, String setIdentity, Path cache, Progress progress) throws IOException {
        Map<String, String> origin = origin(set, setIdentity);
        if (Files.exists(cache)) {
            LayerFeatures found = LayerFeatures.read(cache);
            if (found.origin().equals(origin) && found.count() == set.size()) {
                return found;
            }
        }
        LayerFeatures features = extract(set, setIdentity, progress);
        if (features.count() == set.size()) {
            features.write(cache);
        }
        return features;
    }

    private Map<String, String> origin(ImageSet set, String setIdentity) {
        Map<String, String> origin = new TreeMap<>(identity);
        origin.put("set", setIdentity);
        origin.put("images", Integer.toString(set.size()));
        return origin;
    }

    /** The features of all images; of those so far, if {@code progress} cancels. */
    public LayerFeatures extract(ImageSet set, String setIdentity, Progress progress) throws IOException {
        int n = set.size();
        String task = "features of " + set.name();
        float[] all = null;
        List<Integer> ends = null;
        int done = 0;
        int whole = Math.min(batch, n);
        try (ImageBatches batches = new ImageBatches(ImageBatches.of(set), preprocess, whole);
                Repeated encoder = new Repeated(
                        device, List.of(new TensorSpec(DType.F32, shape(whole))), in -> pooled(in.getFirst()))) {
            while (done < n && !progress.cancelled()) {
                ImageBatches.Batch images = batches.next();
                if (!images.unreadable().isEmpty()) {
                    throw images.unreadable().getFirst();
                }
                int count = images.names().size();
                LayerFeatures part = count == whole
                        ? rows(encoder.apply(HostTensor.of(shape(whole), images.pixels())), count)
                        : features(images.pixels(), count);
                if (ends == null) {
                    ends = part.groupEnds();
                    all = new float[Math.multiplyExact(n, ends.getLast())];
                }
                System.arraycopy(part.values(), 0, all, done * ends.getLast(), part.values().length);
                done += part.count();
                progress.at(task, done, n, "");
            }
        }
        if (done == 0) {
            throw new IOException("stopped before the first batch of " + set.name());
        }
        LayerFeatures features = new LayerFeatures(all, ends, origin(set, setIdentity));
        return done == n ? features : features.first(done);
    }

    /** The features of {@code count} images that are the encoder's input already: {@code [count, side, side, 3]}. */
    public LayerFeatures features(float[] images, int count) {
        try (Scope scope = Scope.open()) {
            return rows(pooled(Tensor.from(device, HostTensor.of(shape(count), images))), count);
        }
    }

    private Shape shape(int count) {
        int side = preprocess.side();
        return Shape.of(count, side, side, 3);
    }

    /** The taps' features of images, one tensor to a tap; of all that is computed only these are kept. */
    private List<Tensor> pooled(Tensor images) {
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> maps = model.network().forward(images, taps);
            return taps.stream()
                    .map(tap -> scope.keep(pooling.pool(Pointwise.cast(maps.get(tap), DType.F32))))
                    .toList();
        }
    }

    private LayerFeatures rows(List<Tensor> pooled, int count) {
        List<Integer> ends = ends(pooled);
        return new LayerFeatures(rows(pooled, count, ends.getLast()), ends, identity);
    }

    private static List<Integer> ends(List<Tensor> pooled) {
        List<Integer> ends = new ArrayList<>();
        int end = 0;
        for (Tensor t : pooled) {
            end += t.dim(1);
            ends.add(end);
        }
        return ends;
    }

    private static float[] rows(List<Tensor> pooled, int count, int d) {
        float[] rows = new float[count * d];
        int at = 0;
        for (Tensor group : pooled) {
            float[] part = group.toFloats();
            int width = group.dim(1);
            for (int i = 0; i < count; i++) {
                System.arraycopy(part, i * width, rows, i * d + at, width);
            }
            at += width;
        }
        return rows;
    }
}
