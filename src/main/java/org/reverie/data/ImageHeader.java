package org.reverie.data;

import java.util.Arrays;
import java.util.zip.CRC32;

/**
 * What the first bytes of a PNG or JPEG say, read without decoding anything, so that a header that lies is refused
 * before memory is reserved.
 *
 * @param format {@code png} or {@code jpeg}
 * @param bitsPerPixel of the decoded samples
 * @param passes how often a decoder goes over the whole image: the scans of a JPEG, 1 for PNG
 * @param adobeTransform the colour transform of a JPEG's Adobe marker (0 none, 1 YCbCr, 2 YCCK), or −1 without that
 *     marker
 */
record ImageHeader(String format, int height, int width, int bitsPerPixel, int passes, int adobeTransform) {
    private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

    static boolean isPng(byte[] b) {
        return b.length >= PNG.length && Arrays.equals(b, 0, PNG.length, PNG, 0, PNG.length);
    }

    static boolean isJpeg(byte[] b) {
        return b.length >= 3 && (b[0] & 0xff) == 0xff && (b[1] & 0xff) == 0xd8 && (b[2] & 0xff) == 0xff;
    }

    /** Thrown for a header that breaks a rule; the reader of the file adds the file's name. */
    static final class BadHeader extends Exception {
        private static final long serialVersionUID = 1;
        final String place;

        BadHeader(String place, String rule) {
            super(rule, null, false, false);
            this.place = place;
        }
    }

    static ImageHeader parse(byte[] b) throws BadHeader {
        if (isPng(b)) {
            return png(b);
        }
        if (isJpeg(b)) {
            return jpeg(b);
        }
        throw new BadHeader("byte 0", "an image is a PNG or a JPEG file, and this starts like neither");
    }

    private static ImageHeader png(byte[] b) throws BadHeader {
        if (b.length < 33 || b[12] != 'I' || b[13] != 'H' || b[14] != 'D' || b[15] != 'R') {
            throw new BadHeader("byte 8", "a PNG's first chunk is a whole IHDR");
        }
        int width = int32(b, 16);
        int height = int32(b, 20);
        int depth = b[24];
        int samples = switch (b[25]) {
            case 0, 3 -> 1;
            case 2 -> 3;
            case 4 -> 2;
            case 6 -> 4;
            default -> throw new BadHeader("byte 25", "a PNG's colour type is 0, 2, 3, 4 or 6, not " + (b[25] & 0xff));
        };
        if (depth != 1 && depth != 2 && depth != 4 && depth != 8 && depth != 16) {
            throw new BadHeader("byte 24", "a PNG's bit depth is 1, 2, 4, 8 or 16, not " + (depth & 0xff));
        }
        requireWholeChunks(b);
        return new ImageHeader("png", height, width, depth * samples, 1, -1);
    }

    /**
     * Decoders forgive a PNG that is cut off and show the rest black; here every needed chunk must be whole and have
     * its checksum.
     */
    private static void requireWholeChunks(byte[] b) throws BadHeader {
        CRC32 crc = new CRC32();
        int at = PNG.length;
        while (true) {
            int room = b.length - at - 12;
            int length = room < 0 ? -1 : int32(b, at);
            if (length < 0 || length > room) {
                throw new BadHeader("byte " + at, "the PNG ends inside a chunk or before its IEND chunk");
            }
            boolean needed = b[at + 4] >= 'A' && b[at + 4] <= 'Z';
            if (needed) {
                crc.reset();
                crc.update(b, at + 4, length + 4);
                if ((int) crc.getValue() != int32(b, at + 8 + length)) {
                    throw new BadHeader("byte " + at, "the PNG chunk's checksum is wrong");
                }
            }
            if (b[at + 4] == 'I' && b[at + 5] == 'E' && b[at + 6] == 'N' && b[at + 7] == 'D') {
                return;
            }
            at += length + 12;
        }
    }

    private static ImageHeader jpeg(byte[] b) throws BadHeader {
        ImageHeader frame = null;
        int adobe = -1;
        int scans = 0;
        int at = 2;
        while (true) {
            if (at + 1 < b.length && (b[at] & 0xff) != 0xff) {
                throw new BadHeader("byte " + at, "a JPEG marker starts with 0xff");
            }
            while (at < b.length && (b[at] & 0xff) == 0xff) {
                at++;
            }
            if (at == b.length) {
                throw new BadHeader("byte " + at, "the JPEG is cut off before its end marker");
            }
            int marker = b[at++] & 0xff;
            if (marker == 0xd9) {
                break;
            }
            if (marker == 0x01 || marker >= 0xd0 && marker <= 0xd8) {
                continue;
            }
            if (at + 2 > b.length) {
                throw new BadHeader("byte " + at, "the file ends inside a JPEG segment");
            }
            int length = (b[at] & 0xff) << 8 | b[at + 1] & 0xff;
            if (length < 2 || at + length > b.length) {
                throw new BadHeader(
                        "byte " + at, "a JPEG segment of " + length + " bytes reaches past the end of the file");
            }
            if (isFrame(marker)) {
                if (frame != null) {
                    throw new BadHeader("byte " + at, "a JPEG has one frame header");
                }
                frame = frame(b, at, length, marker);
            } else if (marker == 0xee && length >= 14 && b[at + 2] == 'A' && b[at + 3] == 'd' && b[at + 4] == 'o') {
                adobe = b[at + 13] & 0xff;
            }
            at += length;
            if (marker == 0xda) {
                scans++;
                at = skipEntropyCoded(b, at);
            }
        }
        if (frame == null || scans == 0) {
            throw new BadHeader("byte 2", "a JPEG has a frame header and at least one scan");
        }
        return new ImageHeader("jpeg", frame.height, frame.width, frame.bitsPerPixel, scans, adobe);
    }

    private static boolean isFrame(int marker) {
        return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    }

    private static ImageHeader frame(byte[] b, int at, int length, int marker) throws BadHeader {
        if (marker > 0xc2) {
            throw new BadHeader(
                    "byte " + at,
                    "JPEG of kind SOF" + (marker - 0xc0) + " is not read, only baseline and progressive Huffman");
        }
        if (length < 8) {
            throw new BadHeader("byte " + at, "a JPEG frame header has at least 8 bytes, not " + length);
        }
        if (b[at + 2] != 8) {
            throw new BadHeader("byte " + (at + 2), "a JPEG has 8 bits a sample, not " + (b[at + 2] & 0xff));
        }
        int height = (b[at + 3] & 0xff) << 8 | b[at + 4] & 0xff;
        int width = (b[at + 5] & 0xff) << 8 | b[at + 6] & 0xff;
        return new ImageHeader("jpeg", height, width, 8 * (b[at + 7] & 0xff), 0, -1);
    }

    /** The next marker that is neither a stuffed zero nor a restart. */
    private static int skipEntropyCoded(byte[] b, int at) {
        int i = at;
        while (i + 1 < b.length) {
            int next = b[i + 1] & 0xff;
            if ((b[i] & 0xff) == 0xff && next != 0 && next != 0xff && (next < 0xd0 || next > 0xd7)) {
                return i;
            }
            i++;
        }
        return b.length;
    }

    private static int int32(byte[] b, int at) {
        return (b[at] & 0xff) << 24 | (b[at + 1] & 0xff) << 16 | (b[at + 2] & 0xff) << 8 | b[at + 3] & 0xff;
    }
}
