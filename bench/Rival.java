package org.reverie.bench;

import java.util.List;
import org.reverie.tensor.HostTensor;

/** The work of a benchmark on another engine, ready to run. Runs and results belong to the thread that made it. */
interface Rival extends AutoCloseable {
    /** Does the work once and frees its results. */
    void run();

    /** Does the work once; its results in Reverie's layout. */
    List<HostTensor> results();

    /** Which of several forms of the work this is: the position in {@link LibTorch.Form}. */
    default int form() {
        return 0;
    }

    @Override
    void close();
}
