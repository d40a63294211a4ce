package org.reverie.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.reverie.data.ImageSet;
import org.reverie.device.Backend;
import org.reverie.ood.Evaluation;
import org.reverie.ood.EvaluationTable;
import org.reverie.ood.dlsr.DlsrConfig;
import org.reverie.ood.dlsr.DlsrModel;
import org.reverie.ood.dlsr.DlsrTraining;
import org.reverie.ood.dlsr.SetIdentity;
import org.reverie.report.Galleries;
import org.reverie.report.HtmlReport;
import org.reverie.report.ReportInput;

/** What several commands do with a detector. */
final class Detectors {
    private static final int PICTURES = 12;

    private Detectors() {}

    /** Trains, or goes on with a training that was stopped, and says what came out. */
    static void train(
            Backend device,
            ImageSet images,
            DlsrTraining.Request request,
            Path folder,
            TerminalProgress progress,
            PrintWriter out)
            throws IOException {
        if (!new DlsrTraining(device, folder).run(images, SetIdentity.of(images), request, progress)) {
            throw new Stopped();
        }
        progress.close();
        try (DlsrModel model = DlsrModel.open(folder, device)) {
            DlsrConfig c = model.config();
            out.printf(
                    Locale.ROOT,
                    "%s: %,d images to train on, %,d held out for the thresholds%n",
                    c.idSet(),
                    c.trainImages(),
                    c.heldOut());
            out.printf(
                    Locale.ROOT,
                    "%s: %,d features in %d groups (%s)%n",
                    c.encoder(),
                    c.groupEnds().getLast(),
                    c.groupEnds().size(),
                    String.join(", ", c.taps()));
            out.printf(
                    Locale.ROOT,
                    "denoiser: %d blocks of width %d, %d epochs%n",
                    c.network().blocks(),
                    c.network().width(),
                    c.training().epochs());
            out.printf(
                    Locale.ROOT,
                    "95 %% of the held-out images score at most %s %.4f, %s %.4f, %s %.4f, %s %.4f%n",
                    DlsrModel.MFSIM,
                    c.thresholdMfsim(),
                    DlsrModel.MSE,
                    c.thresholdMse(),
                    DlsrModel.LR,
                    c.thresholdLr(),
                    DlsrModel.RESIDUAL,
                    c.thresholdResidual());
            out.println(folder);
        }
    }

    /** Prints the table of an evaluation. */
    static void print(Evaluation evaluation, PrintWriter out) {
        out.print(EvaluationTable.render(evaluation, TerminalProgress.terminal() != null));
        out.println("fingerprint " + evaluation.fingerprint());
        out.flush();
    }

    /** Writes the report, with the most and the least ID-like images of every set. */
    static void report(
            Evaluation evaluation, String title, String summary, List<ImageSet> sets, String command, Path file)
            throws IOException {
        Map<String, ImageSet> byName = new LinkedHashMap<>();
        sets.forEach(set -> byName.put(set.name(), set));
        HtmlReport.write(
                new ReportInput(
                        title,
                        summary,
                        evaluation,
                        DlsrModel.MFSIM,
                        Galleries.of(evaluation, DlsrModel.MFSIM, byName, PICTURES),
                        command,
                        Instant.now()),
                file);
    }

    /** Settings of the run that the detector does not know. */
    static Map<String, String> settings(Backend device) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("device", device.name() + ": " + device.description());
        return settings;
    }
}
