package org.reverie;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Deep-learning frameworks, and others' matrix products, are rivals in benchmarks and nothing else: the product neither ships nor
 * calls one.
 */
final class DependencyScopeTest {
    private static final Set<String> RIVALS = Set.of("ai.djl", "ai.djl.pytorch", "com.microsoft.onnxruntime");

    /** Of a group whose other artifacts the product may use. */
    private static final Set<String> RIVAL_ARTIFACTS = Set.of("jocl-blast");

    @Test
    void rivalsAreDeclaredInTheBenchProfileAloneAndForTests() throws Exception {
        Document pom = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(Path.of("pom.xml").toFile());
        NodeList all = pom.getElementsByTagName("dependency");
        List<String> found = new ArrayList<>();
        for (int i = 0; i < all.getLength(); i++) {
            Element dependency = (Element) all.item(i);
            String name = text(dependency, "artifactId");
            if (RIVALS.contains(text(dependency, "groupId")) || RIVAL_ARTIFACTS.contains(name)) {
                found.add(name);
                assertEquals("test", text(dependency, "scope"), name);
                Element profile = (Element) dependency.getParentNode().getParentNode();
                assertEquals("profile", profile.getTagName(), name);
                assertEquals("bench", text(profile, "id"), name);
            }
        }
        assertTrue(found.containsAll(List.of("pytorch-engine", "onnxruntime", "jocl-blast")), found.toString());
    }

    @Test
    void theProductCallsNone() {
        ArchRuleDefinition.noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("ai.djl..", "ai.onnxruntime..", "org.jocl.blast..")
                .check(new ClassFileImporter()
                        .withImportOption(new ImportOption.DoNotIncludeTests())
                        .importPackages("org.reverie"));
    }

    private static String text(Element parent, String child) {
        NodeList list = parent.getElementsByTagName(child);
        assertFalse(list.getLength() == 0, parent.getTagName() + " without " + child);
        return list.item(0).getTextContent();
    }
}
