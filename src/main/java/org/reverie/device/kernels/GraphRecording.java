package org.reverie.device.kernels;

import java.util.List;
import java.util.function.Supplier;
import org.reverie.tensor.Recording;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/**
 * Work as a graph of the queue. The first replay runs the code, which loads what kernels it needs; the second one makes the
 * graph, and every later one is one launch. Work that a graph cannot hold runs as code each time.
 *
 * @param <M> how the driver calls memory
 */
final class GraphRecording<M> implements Recording {
    private final QueuedBackend<M> device;
    private final KernelQueue.Graphs graphs;
    private final DeviceMemory<M> memory;
    private final IndexChecks checks;
    private final Supplier<List<Tensor>> work;
    private Scope scope = Scope.detached();
    private DeviceMemory.Shelf<M> shelf;
    private KernelQueue.Graph graph;
    private List<Tensor> results;
    private boolean ran;
    private boolean plain;

    GraphRecording(
            QueuedBackend<M> device,
            KernelQueue.Graphs graphs,
            DeviceMemory<M> memory,
            IndexChecks checks,
            Supplier<List<Tensor>> work) {
        this.device = device;
        this.graphs = graphs;
        this.memory = memory;
        this.checks = checks;
        this.work = work;
    }

    @Override
    public List<Tensor> replay() {
        synchronized (device) {
            if (graph == null && ran && !plain) {
                renew();
                make();
            }
            if (graph == null) {
                renew();
                results = scope.within(work);
                ran = true;
            } else {
                checks.replay();
                graph.launch();
            }
            return results;
        }
    }

    private void renew() {
        scope.close();
        scope = Scope.detached();
    }

    private void make() {
        shelf = memory.reserve();
        checks.record(true);
        boolean whole = false;
        try {
            graphs.begin();
            results = scope.within(work);
            graph = graphs.end();
            whole = true;
        } catch (GraphRefusedException e) {
            plain = true;
        } finally {
            checks.record(false);
            memory.shareAgain();
            if (!whole) {
                graphs.drop();
                renew();
                memory.close(shelf);
            }
        }
    }

    @Override
    public boolean isOneLaunch() {
        return graph != null;
    }

    @Override
    public void close() {
        synchronized (device) {
            scope.close();
            if (graph != null) {
                graph.close();
                graph = null;
                memory.close(shelf);
            }
        }
    }
}
