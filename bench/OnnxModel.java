package org.reverie.bench;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/**
 * Writes ONNX models: a graph of operators in protocol buffers (onnx.proto3 of the ONNX specification; field numbers are
 * from there). Methods return names of values, so a graph is written down as an expression.
 */
final class OnnxModel {
    private static final int IR_VERSION = 10;
    private static final int OPSET = 20;
    private static final int FLOAT = 1;
    private static final int INT64 = 7;

    private final Message graph = new Message().text(2, "g");
    private final List<String> inputs = new ArrayList<>();
    private final List<String> outputs = new ArrayList<>();
    private int names;

    /** One attribute of an operator: a number or a list of integers. */
    record Attribute(String name, Object value) {
        static Attribute of(String name, double value) {
            return new Attribute(name, (float) value);
        }

        static Attribute of(String name, long value) {
            return new Attribute(name, value);
        }

        static Attribute list(String name, long... values) {
            return new Attribute(name, values);
        }

        private Message message() {
            Message m = new Message().text(1, name);
            switch (value) {
                case Float f -> m.fixed(2, f).number(20, 1);
                case Long i -> m.number(3, i).number(20, 2);
                case long[] list -> {
                    for (long i : list) {
                        m.number(8, i);
                    }
                    m.number(20, 7);
                }
                default -> throw new IllegalArgumentException("no attribute for " + value);
            }
            return m;
        }
    }

    /** An f32 input of the graph. */
    String input(Shape shape) {
        String name = "in" + inputs.size();
        inputs.add(name);
        graph.message(11, value(name, shape));
        return name;
    }

    /** A constant of the graph, f32. */
    String constant(HostTensor t) {
        return constant(FLOAT, t.shape(), t.data().toArray(ValueLayout.JAVA_BYTE));
    }

    String constant(float value) {
        return constant(HostTensor.of(Shape.of(), value));
    }

    /** A list of integers, as some operators take instead of an attribute. */
    String integers(long... values) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(values);
        return constant(INT64, Shape.of(values.length), bytes.array());
    }

    private String constant(int type, Shape shape, byte[] data) {
        String name = "w" + names++;
        Message m = new Message();
        for (int d : shape.toArray()) {
            m.number(1, d);
        }
        graph.message(5, m.number(2, type).text(8, name).bytes(9, data));
        return name;
    }

    /** An operator with one output. */
    String node(String operator, List<String> in, Attribute... attributes) {
        String out = "v" + names++;
        Message m = new Message();
        in.forEach(i -> m.text(1, i));
        m.text(2, out).text(4, operator);
        for (Attribute a : attributes) {
            m.message(5, a.message());
        }
        graph.message(1, m);
        return out;
    }

    /** Declares a value as an output; its shape is left to the runtime. */
    void output(String name) {
        outputs.add(name);
        graph.message(12, value(name, null));
    }

    List<String> inputs() {
        return inputs;
    }

    List<String> outputs() {
        return outputs;
    }

    /** The file. */
    byte[] bytes() {
        Message opset = new Message().text(1, "").number(2, OPSET);
        return new Message()
                .number(1, IR_VERSION)
                .message(7, graph)
                .message(8, opset)
                .bytes();
    }

    private static Message value(String name, Shape shape) {
        Message tensor = new Message().number(1, FLOAT);
        if (shape != null) {
            Message dims = new Message();
            for (int d : shape.toArray()) {
                dims.message(1, new Message().number(1, d));
            }
            tensor.message(2, dims);
        }
        return new Message().text(1, name).message(2, new Message().message(1, tensor));
    }

    /** A protocol buffer message in the making; the first argument is the field's number. */
    private static final class Message {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Message number(int field, long value) {
            varint((long) field << 3);
            varint(value);
            return this;
        }

        Message fixed(int field, float value) {
            varint(field << 3 | 5);
            out.writeBytes(ByteBuffer.allocate(4)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putFloat(value)
                    .array());
            return this;
        }

        Message bytes(int field, byte[] value) {
            varint(field << 3 | 2);
            varint(value.length);
            out.writeBytes(value);
            return this;
        }

        Message text(int field, String value) {
            return bytes(field, value.getBytes(StandardCharsets.UTF_8));
        }

        Message message(int field, Message value) {
            return bytes(field, value.bytes());
        }

        byte[] bytes() {
            return out.toByteArray();
        }

        private void varint(long value) {
            while ((value & ~0x7fL) != 0) {
                out.write((int) (value & 0x7f | 0x80));
                value >>>= 7;
            }
            out.write((int) value);
        }
    }
}
