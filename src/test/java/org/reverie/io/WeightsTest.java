package org.reverie.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.reverie.io.IoAssertions.bytes;
import static org.reverie.io.IoAssertions.refuses;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.TestData;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

class WeightsTest {
    @TempDir
    Path folder;

    @Test
    void theContentTellsTheFormatAndTheNameDoesNot() throws IOException {
        HostTensor w = HostTensor.of(Shape.of(2), 1f, 2f);
        Map<String, HostTensor> tensors = Map.of("w", w);
        Path misnamed = folder.resolve("weights.jpg");
        for (Weights.Format format : Weights.Format.values()) {
            switch (format) {
                case SAFETENSORS -> Safetensors.write(misnamed, tensors);
                case PYTORCH_STREAM -> TorchFiles.writeStream(misnamed, tensors);
                case PYTORCH_ZIP -> TorchFiles.writeZip(misnamed, tensors);
                case NPY -> Npy.write(misnamed, w);
                case NPZ -> Npz.write(misnamed, tensors);
            }
            Weights read = Weights.open(misnamed);
            assertEquals(format, read.format());
            String name = format == Weights.Format.NPY ? "array" : "w";
            assertArrayEquals(new float[] {1, 2}, read.tensors().get(name).toFloats());
        }
    }

    @Test
    void realFilesOpen() throws IOException {
        assertEquals(
                Weights.Format.PYTORCH_STREAM,
                Weights.open(TestData.file("weights/resnet20-12fca82f.th")).format());
        assertEquals(
                Weights.Format.PYTORCH_ZIP,
                Weights.open(TestData.file("weights/ddpm_fashion.pt")).format());
    }

    @Test
    void otherContentIsRefused() {
        refuses("is empty", Weights::open, new byte[0]);
        refuses("byte 0: is none of safetensors, PyTorch checkpoint, npy and npz", Weights::open, bytes("GIF89a"));
        refuses(
                "has no zip end record; the file is cut short or is no zip file",
                Weights::open,
                bytes("PK\u0003\u0004"));
    }
}
