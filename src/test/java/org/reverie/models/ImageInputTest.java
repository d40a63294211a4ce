package org.reverie.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.reverie.data.Image;
import org.reverie.data.Preprocess;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** What an op makes of images has the bits of what {@link Preprocess} writes. */
final class ImageInputTest {
    static Stream<Arguments> settings() {
        return Stream.of(
                Arguments.of(Preprocess.imagenet(24), 32, 32),
                Arguments.of(Preprocess.imagenet(24), 7, 10),
                Arguments.of(Preprocess.imagenet(24), 24, 24),
                Arguments.of(Preprocess.imagenet(24), 133, 61),
                Arguments.of(Preprocess.mobilenet(24).cropped(27), 50, 41),
                Arguments.of(Preprocess.squeezenet(23).cropped(30), 20, 31));
    }

    @ParameterizedTest
    @MethodSource("settings")
    void theDevicesBitsAreTheFilesOwn(Preprocess preprocess, int height, int width) {
        int each = 3 * height * width;
        byte[] bytes = new byte[2 * each];
        new SplittableRandom(1).nextBytes(bytes);
        float[] expected = new float[2 * preprocess.floatsPerImage()];
        for (int i = 0; i < 2; i++) {
            byte[] one = Arrays.copyOfRange(bytes, i * each, (i + 1) * each);
            preprocess.fill(new Image(height, width, one), expected, i * preprocess.floatsPerImage());
        }
        HostTensor images = HostTensor.allocate(DType.U8, Shape.of(2, height, width, 3));
        images.data().copyFrom(MemorySegment.ofArray(bytes));
        try (Backend device = Devices.open("cpu", BackendOptions.DEFAULT);
                Scope scope = Scope.open();
                ImageInput input = new ImageInput(device, preprocess, height, width)) {
            assertArrayEquals(expected, input.of(Tensor.from(device, images)).toFloats());
        }
    }
}
