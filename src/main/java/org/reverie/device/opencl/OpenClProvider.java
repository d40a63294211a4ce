package org.reverie.device.opencl;

import java.util.ArrayList;
import java.util.List;
import org.jocl.CLException;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.BackendProvider;

/** Makes OpenCL devices known to {@link org.reverie.device.Devices}. Nothing native is loaded before one is asked for. */
public final class OpenClProvider implements BackendProvider {
    @Override
    public String kind() {
        return "opencl";
    }

    @Override
    public List<String> list() {
        try {
            List<String> lines = new ArrayList<>();
            for (ClDevice d : ClDevice.all()) {
                lines.add("opencl:" + lines.size() + "  " + d.description());
            }
            return lines;
        } catch (OpenClMissingException e) {
            return List.of("opencl  none: " + e.getMessage());
        }
    }

    @Override
    public Backend open(int index, BackendOptions options, Backend fallback) {
        ClDevice device = device(index);
        TileKind kind = TileKind.of(device);
        try {
            ClQueue queue = new ClQueue(device, kind, ProgramCache.ofUser(), device.memory(), options.trace());
            return new OpenClBackend(index, queue, fallback, options.trace());
        } catch (CLException e) {
            throw new IllegalStateException(
                    "opencl:" + index + " (" + device.name() + ") cannot be opened: " + e.getMessage(), e);
        }
    }

    private static ClDevice device(int index) {
        try {
            List<ClDevice> all = ClDevice.all();
            if (index < 0 || index >= all.size()) {
                throw new IllegalArgumentException("there is no device opencl:" + index + "; there "
                        + (all.size() == 1 ? "is one, opencl:0" : "are opencl:0 to opencl:" + (all.size() - 1)));
            }
            ClDevice device = all.get(index);
            if (!device.exact()) {
                throw new IllegalArgumentException("opencl:" + index + " (" + device.name()
                        + ") lacks subnormals or correctly rounded division, which the exact mode needs");
            }
            return device;
        } catch (OpenClMissingException e) {
            throw new IllegalArgumentException("opencl:" + index + " cannot be opened: " + e.getMessage());
        }
    }
}
