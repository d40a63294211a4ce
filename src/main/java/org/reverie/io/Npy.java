package org.reverie.io;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/**
 * One array in an npy file (numpy.lib.format, versions 1, 2 and 3). Reads {@code <f4 <f2 <f8 <i4 <i8 |u1 |b1}, bool as
 * {@code U8}; big-endian and other dtypes are refused by name. An array in C order is a view of the mapped file, one in
 * Fortran order is copied into C order.
 */
public final class Npy {
    /** NumPy itself refuses headers over 10,000 bytes unless told to trust the file. */
    static final int MAX_HEADER = 65_535;

    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final int ALIGN = 64;

    private Npy() {}

    /** @throws FormatException if the file breaks any rule of the format or its length does not match its shape */
    public static HostTensor read(Path file) throws IOException {
        return read(Source.map(file));
    }

    public static HostTensor read(Source source) throws FormatException {
        return read(source, source.data(), "");
    }

    /** @param place what to put in front of byte offsets in messages: empty, or an entry's name and a space */
    static HostTensor read(Source source, MemorySegment data, String place) throws FormatException {
        if (!begins(data) || data.byteSize() < 10) {
            throw source.bad(place + "byte 0", "does not begin with \\x93NUMPY and a version");
        }
        int version = data.get(ValueLayout.JAVA_BYTE, 6);
        int minor = data.get(ValueLayout.JAVA_BYTE, 7);
        if (version < 1 || version > 3 || minor != 0) {
            throw source.bad(place + "byte 6", "version " + version + "." + minor + " is not 1.0, 2.0 or 3.0");
        }
        int start = version == 1 ? 10 : 12;
        long length = version == 1
                ? Short.toUnsignedLong(data.get(HostTensor.SHORT, 8))
                : data.byteSize() < 12 ? Long.MAX_VALUE : Integer.toUnsignedLong(data.get(HostTensor.INT, 8));
        if (length > MAX_HEADER || length > data.byteSize() - start) {
            throw source.bad(
                    place + "byte 8",
                    "header length " + length + " is over " + MAX_HEADER + " or does not fit " + data.byteSize()
                            + " bytes");
        }
        byte[] text = data.asSlice(start, length).toArray(ValueLayout.JAVA_BYTE);
        // Keys and dtypes are ASCII; anything else is refused by the parser whatever the encoding.
        NpyHeader header = NpyHeader.parse(source, place, new String(text, StandardCharsets.ISO_8859_1), start);
        return array(source, data.asSlice(start + length), header, place + "byte " + start);
    }

    private static HostTensor array(Source source, MemorySegment data, NpyHeader header, String place)
            throws FormatException {
        DType dtype = header.dtype();
        Shape shape = Extents.shape(source, place, header.extents(), dtype);
        long bytes = shape.elements() * dtype.bytes();
        if (data.byteSize() != bytes) {
            throw source.bad(
                    place, dtype + " " + shape + " takes " + bytes + " bytes, but " + data.byteSize() + " follow");
        }
        long[] strides = shape.strides();
        if (header.fortranOrder()) {
            long step = 1;
            for (int i = 0; i < strides.length; i++) {
                strides[i] = step;
                step *= shape.dim(i);
            }
        }
        return Strided.tensor(source, place, data, dtype, shape, 0, strides);
    }

    static boolean begins(MemorySegment data) {
        return data.byteSize() >= MAGIC.length
                && MemorySegment.ofArray(MAGIC).mismatch(data.asSlice(0, MAGIC.length)) == -1;
    }

    /** Writes version 1.0 in C order, atomically, as NumPy would. */
    public static void write(Path file, HostTensor tensor) throws IOException {
        byte[] header = header(tensor);
        AtomicFile.write(file, channel -> {
            AtomicFile.writeFully(channel, ByteBuffer.wrap(header));
            AtomicFile.writeFully(channel, tensor.data());
        });
    }

    /** Magic, version, length and dictionary, padded so that the data begins at a multiple of 64. */
    static byte[] header(HostTensor tensor) {
        String extents = Arrays.stream(tensor.shape().toArray())
                .mapToObj(Integer::toString)
                .collect(Collectors.joining(", "));
        String dictionary = "{'descr': '" + NpyHeader.descr(tensor.dtype()) + "', 'fortran_order': False, 'shape': ("
                + extents + (tensor.shape().rank() == 1 ? "," : "") + "), }";
        int length = (10 + dictionary.length() + 1 + ALIGN - 1) / ALIGN * ALIGN - 10;
        byte[] out = new byte[10 + length];
        Arrays.fill(out, (byte) ' ');
        System.arraycopy(MAGIC, 0, out, 0, MAGIC.length);
        out[6] = 1;
        out[7] = 0;
        out[8] = (byte) length;
        out[9] = (byte) (length >>> 8);
        System.arraycopy(dictionary.getBytes(StandardCharsets.US_ASCII), 0, out, 10, dictionary.length());
        out[out.length - 1] = '\n';
        return out;
    }
}
