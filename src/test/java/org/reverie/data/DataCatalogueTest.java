package org.reverie.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reverie.TestData;

class DataCatalogueTest {
    @TempDir
    Path folder;

    @Test
    void entriesAreComplete() {
        Set<String> names = new HashSet<>();
        for (DataSource source : DataCatalogue.all()) {
            assertTrue(names.add(source.name()), source.name());
            source.aliases().forEach(a -> assertTrue(names.add(a), a));
            assertFalse(source.about().isBlank());
            assertFalse(source.licence().isBlank());
            assertFalse(source.train().isEmpty() || source.test().isEmpty());
            assertTrue(source.files().isEmpty() == (source.note() != null), source.name());
            for (RemoteFile file : source.files()) {
                assertTrue(List.of("http", "https").contains(file.address().getScheme()));
                assertFalse(file.fileName().isBlank());
                assertTrue(file.sha256() == null || file.sha256().matches("[0-9a-f]{64}"), file.fileName());
                assertTrue(file.md5() == null || file.md5().matches("[0-9a-f]{32}"), file.fileName());
            }
        }
        assertTrue(names.containsAll(List.of(
                "cifar10",
                "cifar100",
                "svhn",
                "lsun-c",
                "lsun-r",
                "isun",
                "mnist",
                "kmnist",
                "fashion-mnist",
                "omniglot",
                "notmnist",
                "celeba",
                "dtd",
                "places365",
                "sun",
                "inaturalist",
                "tinyimagenet",
                "imagenet-100")));
    }

    @Test
    void namesAreFoundWhateverTheCase() {
        assertEquals("cifar10", DataCatalogue.find("CIFAR-10").orElseThrow().name());
        assertTrue(DataCatalogue.find("cats").isEmpty());
    }

    @Test
    void officialLayoutBelowTheDataFolder() throws Exception {
        Path batches = Files.createDirectories(folder.resolve("cifar10/cifar-10-batches-bin"));
        Files.write(batches.resolve("data_batch_1.bin"), SampleFiles.cifar(new byte[][] {{3}, {9}}, 1));
        Files.write(batches.resolve("test_batch.bin"), SampleFiles.cifar(new byte[][] {{1}}, 9));
        ImageSet train = DataCatalogue.resolve("cifar10", folder, Split.TRAIN);
        assertEquals("cifar10", train.name());
        assertEquals(2, train.size());
        assertEquals("cat", train.classNames().get(train.label(0)));
        assertEquals(1, DataCatalogue.resolve("CIFAR10", folder, Split.TEST).size());
    }

    @Test
    void pathsAndDrawnSets() throws Exception {
        Path file = Files.write(folder.resolve("some-images-idx3-ubyte"), SampleFiles.idx(new byte[8], 2, 2, 2));
        assertEquals(2, DataCatalogue.resolve(file.toString(), null, Split.TEST).size());
        assertEquals(
                1000, DataCatalogue.resolve("drawn-glyphs", null, Split.TEST).size());
    }

    @Test
    void whatIsMissingIsListed() {
        String known = assertThrows(
                        FileNotFoundException.class, () -> DataCatalogue.resolve("svhn", folder, Split.TEST))
                .getMessage();
        assertTrue(
                known.contains(folder.toString()) && known.contains("svhn, SVHN") && known.contains("data fetch svhn"),
                known);
        String account = assertThrows(
                        FileNotFoundException.class, () -> DataCatalogue.resolve("imagenet-100", folder, Split.TEST))
                .getMessage();
        assertTrue(account.contains("account"), account);
        String unknown = assertThrows(
                        FileNotFoundException.class, () -> DataCatalogue.resolve("cats", folder, Split.TEST))
                .getMessage();
        assertTrue(
                unknown.contains("cats") && unknown.contains("cifar10") && unknown.contains("drawn-scenes"), unknown);
    }

    @ParameterizedTest
    @CsvSource({
        "cifar10, train, 10000",
        "cifar10, test, 1000",
        "mnist, train, 60000",
        "mnist, test, 10000",
        "kmnist, test, 10000",
        "fashion-mnist, test, 10000",
        "omniglot, test, 13180",
        "omniglot, train, 2720",
        "dtd, test, 600",
        "tinyimagenet, test, 2200",
    })
    void realData(String name, String split, int size) throws Exception {
        TestData.file("cifar10/data_batch_1.bin.gz");
        try (ImageSet set = DataCatalogue.resolve(name, TestData.folder(), Split.of(split))) {
            assertEquals(size, set.size());
            assertTrue(set.image(size - 1).height() >= 28);
        }
    }
}
