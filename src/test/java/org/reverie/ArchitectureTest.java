package org.reverie;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The house: which package may use which. A package that is missing here fails the test too. */
@AnalyzeClasses(packages = "org.reverie", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {
    private static final String ROOT = "org.reverie.";

    /** The floors, from the ground up. A floor may use itself and all floors below. */
    private static final List<List<String>> FLOORS = List.of(
            List.of("tensor", "random", "numerics"),
            List.of("device"),
            List.of("op"),
            List.of("autograd"),
            List.of("nn", "optim", "diffusion"),
            List.of("models"),
            List.of("ood"),
            List.of("report"),
            List.of("cli"));

    /** Files and data sets know tensors and nothing of the engine; models and everything above may use them. */
    private static final Map<String, List<String>> BESIDE =
            Map.of("io", List.of("io", "tensor"), "data", List.of("data", "io", "tensor", "random", "numerics"));

    private static final List<String> MAY_USE_FILES = List.of("models", "ood", "report", "cli");

    @ArchTest
    static final ArchRule noCycles =
            slices().matching("org.reverie.(**)").should().beFreeOfCycles().allowEmptyShould(true);

    @ArchTest
    static void everyPackageHasAFloor(JavaClasses classes) {
        String[] known = Stream.concat(FLOORS.stream().flatMap(List::stream), BESIDE.keySet().stream())
                .map(ArchitectureTest::within)
                .toArray(String[]::new);
        noClasses()
                .should()
                .resideOutsideOfPackages(known)
                .because("the order of the packages is written down in ArchitectureTest")
                .check(classes);
    }

    @ArchTest
    static void dependenciesPointDown(JavaClasses classes) {
        List<String> below = new ArrayList<>();
        for (List<String> floor : FLOORS) {
            below.addAll(floor);
            for (String name : floor) {
                List<String> allowed = new ArrayList<>(below);
                if (MAY_USE_FILES.contains(name)) {
                    allowed.addAll(BESIDE.keySet());
                }
                uses(name, allowed).check(classes);
            }
        }
        BESIDE.forEach((name, allowed) -> uses(name, allowed).check(classes));
    }

    /** A backend is chosen by name at run time: only the device layer itself and the command line may know one. */
    @ArchTest
    static final ArchRule noBackendIsKnown = noClasses()
            .that()
            .resideInAnyPackage(within("op", "autograd", "nn", "optim", "diffusion", "models", "ood", "report"))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(within("device.cpu", "device.opencl", "device.cuda", "device.tornado"))
            .allowEmptyShould(true);

    /** Kernel classes exist once per vector width, so a direct reference would get a copy of its own. */
    @ArchTest
    static final ArchRule kernelsAreLoadedByWidth = noClasses()
            .that()
            .resideOutsideOfPackage("org.reverie.device.cpu.kernel..")
            .should()
            .dependOnClassesThat(resideInAPackage("org.reverie.device.cpu.kernel.."))
            .allowEmptyShould(true);

    private static ArchRule uses(String name, List<String> allowed) {
        var forbidden = resideInAPackage("org.reverie..")
                .and(JavaClass.Predicates.resideOutsideOfPackages(within(allowed.toArray(String[]::new))));
        return noClasses()
                .that()
                .resideInAPackage(within(name))
                .should()
                .dependOnClassesThat(forbidden)
                .because(name + " may use only " + allowed)
                .allowEmptyShould(true);
    }

    private static String[] within(String... names) {
        return Arrays.stream(names).map(ArchitectureTest::within).toArray(String[]::new);
    }

    private static String within(String name) {
        return ROOT + name + "..";
    }
}
