package org.reverie.models;

import java.util.Arrays;
import org.reverie.data.Preprocess;
import org.reverie.data.Resize;
import org.reverie.op.Bytes;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * An encoder's input made on its device, from images of one size as bytes: resized, cut and normalised with the bits of
 * {@link Preprocess#fill}. A quarter of the bytes, or less, go to the device.
 */
public final class ImageInput implements AutoCloseable {
    private final Scope scope = Scope.detached();
    private final boolean reversed;
    private final Tensor rowStart;
    private final Tensor rowWeight;
    private final Tensor columnStart;
    private final Tensor columnWeight;
    private final Tensor table;

    /** @param height and width of the images */
    public ImageInput(Device device, Preprocess preprocess, int height, int width) {
        reversed = preprocess.bgr();
        Resize.Taps rows = preprocess.rows(height, width);
        Resize.Taps columns = preprocess.columns(height, width);
        rowStart = put(device, starts(rows));
        rowWeight = put(device, weights(rows));
        columnStart = put(device, starts(columns));
        columnWeight = put(device, weights(columns));
        table = put(device, values(preprocess.tables()));
    }

    private Tensor put(Device device, HostTensor numbers) {
        return scope.within(() -> Tensor.from(device, numbers));
    }

    private static HostTensor starts(Resize.Taps taps) {
        HostTensor start = HostTensor.allocate(DType.I32, Shape.of(taps.start().length));
        for (int i = 0; i < taps.start().length; i++) {
            start.data().set(HostTensor.INT, 4L * i, taps.start()[i]);
        }
        return start;
    }

    /** As many to each number as any has; those behind are 0. */
    private static HostTensor weights(Resize.Taps taps) {
        int most = Arrays.stream(taps.weight()).mapToInt(w -> w.length).max().orElse(0);
        HostTensor weight = HostTensor.allocate(DType.I32, Shape.of(taps.weight().length, most));
        for (int i = 0; i < taps.weight().length; i++) {
            for (int k = 0; k < taps.weight()[i].length; k++) {
                weight.data().set(HostTensor.INT, 4L * (i * most + k), taps.weight()[i][k]);
            }
        }
        return weight;
    }

    private static HostTensor values(float[][] tables) {
        HostTensor values = HostTensor.allocate(DType.F32, Shape.of(tables.length, tables[0].length));
        for (int c = 0; c < tables.length; c++) {
            for (int v = 0; v < tables[c].length; v++) {
                values.data().set(HostTensor.FLOAT, 4L * (c * tables[c].length + v), tables[c][v]);
            }
        }
        return values;
    }

    /** U8 {@code [N, height, width, 3]}, red, green, blue → F32 {@code [N, side, side, 3]} in the order of the encoder. */
    public Tensor of(Tensor images) {
        return Bytes.resample(images, rowStart, rowWeight, columnStart, columnWeight, table, reversed);
    }

    @Override
    public void close() {
        scope.close();
    }
}
