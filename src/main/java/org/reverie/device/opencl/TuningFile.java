package org.reverie.device.opencl;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Where a {@link Tuning} is kept: a small JSON file beside the compiled programs, named by device, driver and the sources that were
 * timed. Without one, and with one that cannot be read, a device has what is usual.
 */
final class TuningFile {
    private final ProgramCache cache;
    private final ClDevice device;
    private final String name;

    TuningFile(ProgramCache cache, ClDevice device) {
        this.cache = cache;
        this.device = device;
        String key = ProgramCache.key(
                Sources.of("opencl/gemm.cl"),
                Sources.of("opencl/tile.cl"),
                device.platform(),
                device.name(),
                device.driver());
        this.name = "tuning-" + key + ".json";
    }

    /** What was kept, else what is usual; a file that cannot be read is said in one line. */
    Tuning read() {
        byte[] text = cache.read(name);
        if (text == null) {
            return Tuning.usual(device);
        }
        try {
            JsonObject o = JsonParser.parseString(new String(text, StandardCharsets.UTF_8))
                    .getAsJsonObject();
            Tuning t = new Tuning(
                    true,
                    o.get("group").getAsInt(),
                    CpuTile.named(o.get("cpu").getAsString()),
                    TileShape.named(o.get("large").getAsString()),
                    TileShape.named(o.get("small").getAsString()));
            if (t.group() < 1 || t.group() > device.largestGroup()) {
                throw new IllegalArgumentException("no group has " + t.group() + " work items");
            }
            return t;
        } catch (JsonParseException
                | IllegalStateException
                | IllegalArgumentException
                | UnsupportedOperationException
                | NullPointerException e) {
            System.err.println("reverie: the OpenCL tuning " + cache.path(name)
                    + " cannot be read, so what is usual is used (" + e.getMessage() + ")");
            return Tuning.usual(device);
        }
    }

    /**
     * Keeps what was found, with what it was found from; that it could not be written is said in one line.
     *
     * @param microseconds for every candidate that was timed
     */
    void write(Tuning t, Map<String, Double> microseconds) {
        JsonObject o = new JsonObject();
        o.addProperty("device", device.name());
        o.addProperty("platform", device.platform());
        o.addProperty("driver", device.driver());
        o.addProperty("group", t.group());
        o.addProperty("cpu", t.cpu().toString());
        o.addProperty("large", t.large().toString());
        o.addProperty("small", t.small().toString());
        JsonObject times = new JsonObject();
        microseconds.forEach(times::addProperty);
        o.add("microseconds", times);
        byte[] text = new GsonBuilder().setPrettyPrinting().create().toJson(o).getBytes(StandardCharsets.UTF_8);
        if (!cache.write(name, text)) {
            System.err.println("reverie: the OpenCL tuning " + cache.path(name)
                    + " cannot be written, so the next run will not have it");
        }
    }

    /** The file's place, whether it is there or not. */
    @Override
    public String toString() {
        return cache.path(name).toString();
    }
}
