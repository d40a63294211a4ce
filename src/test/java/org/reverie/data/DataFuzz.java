package org.reverie.data;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.reverie.io.FormatException;
import org.reverie.io.FuzzTarget;
import org.reverie.io.Fuzzer;
import org.reverie.io.Source;

/**
 * The readers of {@code org.reverie.data} as fuzz targets, and the command that fuzzes them: {@code READER|all COUNT
 * [SEED]}.
 */
public final class DataFuzz {
    private DataFuzz() {}

    public static void main(String[] args) throws IOException {
        Path folder = Files.createTempDirectory("fuzz");
        try {
            Fuzzer.main(args, targets(folder));
        } finally {
            Files.deleteIfExists(folder);
        }
    }

    /** @param folder where the readers that need a real file get it */
    static List<FuzzTarget> targets(Path folder) throws IOException {
        return List.of(
                FuzzTarget.of("idx", idx(), f -> use(IdxImages.parse(f.name(), content(f), "f", List.of()))),
                FuzzTarget.of(
                        "idx-labels",
                        List.of(SampleFiles.idx(new byte[] {1, 2, 3}, 3)),
                        f -> IdxImages.parseLabels(f.name(), content(f), 3)),
                FuzzTarget.of(
                        "idx-gz",
                        List.of(SampleFiles.gzip(idx().getFirst()), SampleFiles.gzip(idx().getLast())),
                        f -> use(IdxImages.parse(f.name(), content(f), "f", List.of()))),
                FuzzTarget.of(
                        "cifar",
                        cifar(),
                        f -> use(CifarImages.parse(List.of(f.name()), new byte[][] {content(f)}, "f", List.of()))),
                FuzzTarget.of("mat", mat(), f -> use(MatImages.parse(f.name(), content(f), "f", List.of()))),
                FuzzTarget.of("png", png(), f -> ImageDecoder.decode(bytes(f), f.name(), null)),
                FuzzTarget.of("png-crc", png(), f -> ImageDecoder.decode(withChecksums(bytes(f)), f.name(), null)),
                FuzzTarget.of("jpeg", jpeg(), f -> ImageDecoder.decode(bytes(f), f.name(), null)),
                FuzzTarget.of("image-zip", List.of(imageZip()), f -> zip(f, folder)),
                FuzzTarget.of(
                        "tar", List.of(ArchivesTest.sampleTar()), f -> tar(f, new ByteArrayInputStream(bytes(f)))),
                FuzzTarget.of("archive", archives(), f -> archive(f, folder)),
                FuzzTarget.of("folder-file", all(), f -> anyFile(f, folder)));
    }

    private static byte[] bytes(Source file) {
        return file.data().toArray(ValueLayout.JAVA_BYTE);
    }

    private static byte[] content(Source file) throws IOException {
        byte[] bytes = bytes(file);
        return FileBytes.read(file.name(), new ByteArrayInputStream(bytes), bytes.length);
    }

    private static void use(ImageSet set) throws IOException {
        for (int i : new int[] {0, set.size() / 2, set.size() - 1}) {
            set.image(i);
            set.label(i);
        }
    }

    private static Path onDisk(Source file, Path folder) throws IOException {
        return Files.write(folder.resolve("mutant"), bytes(file));
    }

    /** Runs on a real file, whose path in errors is replaced by the mutant's name. */
    private static void renamed(Source file, Path folder, Read read) throws IOException {
        Path path = onDisk(file, folder);
        try {
            read.from(path);
        } catch (FormatException e) {
            if (!e.file().startsWith(folder.toString())) {
                throw e;
            }
            throw new FormatException(file.name(), e.place(), e.rule());
        } finally {
            Files.delete(path);
        }
    }

    @FunctionalInterface
    private interface Read {
        void from(Path path) throws IOException;
    }

    private static void zip(Source file, Path folder) throws IOException {
        renamed(file, folder, path -> {
            try (ImageSet set = ImageZip.open(path, "f")) {
                for (int i = 0; i < set.size(); i++) {
                    set.image(i);
                }
            }
        });
    }

    private static void anyFile(Source file, Path folder) throws IOException {
        renamed(file, folder, path -> {
            try (ImageSet set = ImageSets.open(path, Split.TEST)) {
                use(set);
            }
        });
    }

    private static void archive(Source file, Path folder) throws IOException {
        renamed(file, folder, path -> {
            Path top = Archives.unpack(path, folder, "top");
            Archives.delete(top);
        });
    }

    private static void tar(Source file, InputStream in) throws IOException {
        TarReader tar = new TarReader(file.name(), in);
        byte[] buffer = new byte[512];
        while (tar.next() != null) {
            while (tar.read(buffer) >= 0) {
                continue;
            }
        }
    }

    /** The mutant with the checksum of each PNG chunk made right, so that it is not refused at the door. */
    private static byte[] withChecksums(byte[] png) {
        ByteBuffer bytes = ByteBuffer.wrap(png);
        int at = 8;
        while (at <= png.length - 12) {
            int length = bytes.getInt(at);
            if (length < 0 || length > png.length - at - 12) {
                break;
            }
            CRC32 crc = new CRC32();
            crc.update(png, at + 4, length + 4);
            bytes.putInt(at + 8 + length, (int) crc.getValue());
            at += length + 12;
        }
        return png;
    }

    private static List<byte[]> idx() {
        return List.of(
                SampleFiles.idx(SampleFiles.random(3 * 4 * 5, 1), 3, 4, 5),
                SampleFiles.idx(SampleFiles.random(24, 2), 2, 2, 2, 3));
    }

    private static List<byte[]> cifar() throws IOException {
        byte[] one = SampleFiles.cifar(new byte[][] {{1}, {2}}, 1);
        byte[] two = SampleFiles.cifar(new byte[][] {{1, 2}}, 1);
        return List.of(one, two, SampleFiles.gzip(two));
    }

    private static List<byte[]> mat() throws IOException {
        byte[] x = SampleFiles.random(3 * 2 * 3 * 2, 1);
        return List.of(
                SampleFiles.mat(x, new int[] {3, 2, 3, 2}, new byte[] {3, 10}, false),
                SampleFiles.mat(x, new int[] {3, 2, 3, 2}, new byte[] {3, 10}, true));
    }

    private static List<byte[]> png() throws IOException {
        byte[] palette = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
        return List.of(
                SampleFiles.png(SampleFiles.randomImage(5, 7, 1)),
                SampleFiles.png(3, 2, 8, 0, null, new byte[] {0, 9, 8, 7, 1, 6, 5, 4}),
                SampleFiles.png(9, 2, 1, 0, null, new byte[6]),
                SampleFiles.png(2, 2, 16, 6, null, new byte[34]),
                SampleFiles.png(4, 2, 2, 3, palette, new byte[] {0, 0x1b, 0, 0x27}));
    }

    private static List<byte[]> jpeg() throws IOException {
        BufferedImage grey = new BufferedImage(9, 9, BufferedImage.TYPE_BYTE_GRAY);
        return List.of(
                SampleFiles.encoded(SampleFiles.buffered(SampleFiles.randomImage(16, 16, 1)), "jpeg"),
                SampleFiles.encoded(grey, "jpeg"),
                SampleFiles.progressive(SampleFiles.buffered(SampleFiles.randomImage(16, 16, 2))),
                ImageDecoderTest.cmyk());
    }

    private static byte[] imageZip() throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("a/1.png", png().getFirst());
        entries.put("b/2.jpg", jpeg().get(1));
        entries.put("b/readme.txt", "hello".getBytes(StandardCharsets.UTF_8));
        return SampleFiles.zip(entries);
    }

    private static List<byte[]> archives() throws IOException {
        byte[] tar = ArchivesTest.sampleTar();
        return List.of(tar, SampleFiles.gzip(tar), imageZip());
    }

    private static List<byte[]> all() throws IOException {
        return List.of(
                idx().getFirst(),
                SampleFiles.gzip(idx().getLast()),
                cifar().getFirst(),
                mat().getLast(),
                png().getFirst(),
                jpeg().getFirst(),
                imageZip());
    }
}
