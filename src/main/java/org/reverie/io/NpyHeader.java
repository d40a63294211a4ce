package org.reverie.io;

import java.util.ArrayList;
import java.util.List;
import org.reverie.tensor.DType;

/**
 * The dictionary at the front of an npy file: a Python literal with the keys {@code descr}, {@code fortran_order} and
 * {@code shape}, and nothing else (numpy.lib.format).
 *
 * @param extents as the file states them
 */
record NpyHeader(DType dtype, boolean fortranOrder, List<Long> extents) {
    /** @param at byte offset of {@code text} in the file */
    static NpyHeader parse(Source source, String prefix, String text, long at) throws FormatException {
        return new Parser(source, prefix, text, at).header();
    }

    static String descr(DType dtype) {
        return switch (dtype) {
            case F32 -> "<f4";
            case F16 -> "<f2";
            case F64 -> "<f8";
            case I32 -> "<i4";
            case I64 -> "<i8";
            case U8 -> "|u1";
            case BF16 -> throw new IllegalArgumentException("npy has no bfloat16; convert to F32 first");
        };
    }

    private static final class Parser {
        private final Source source;
        private final String prefix;
        private final String text;
        private final long offset;
        private int at;

        Parser(Source source, String prefix, String text, long offset) {
            this.source = source;
            this.prefix = prefix;
            this.text = text;
            this.offset = offset;
        }

        NpyHeader header() throws FormatException {
            DType dtype = null;
            Boolean fortran = null;
            List<Long> extents = null;
            expect('{');
            while (peek() != '}') {
                String key = string();
                expect(':');
                switch (key) {
                    case "descr" -> dtype = once(dtype, key, dtype(string()));
                    case "fortran_order" -> fortran = once(fortran, key, bool());
                    case "shape" -> extents = once(extents, key, tuple());
                    default -> throw bad("the header has the unknown key " + key);
                }
                if (peek() != '}') {
                    expect(',');
                }
            }
            expect('}');
            if (peek() != 0) {
                throw bad("something follows the header's dictionary");
            }
            if (dtype == null || fortran == null || extents == null) {
                throw bad("the header lacks descr, fortran_order or shape");
            }
            return new NpyHeader(dtype, fortran, extents);
        }

        private <T> T once(T before, String key, T now) throws FormatException {
            if (before != null) {
                throw bad("the header has the key " + key + " twice");
            }
            return now;
        }

        private DType dtype(String descr) throws FormatException {
            if (descr.startsWith(">") && descr.length() == 3 && descr.charAt(2) > '1') {
                throw bad("dtype " + descr + " is big-endian; save it with dtype '<" + descr.substring(1) + "'");
            }
            return switch (descr) {
                case "<f4" -> DType.F32;
                case "<f2" -> DType.F16;
                case "<f8" -> DType.F64;
                case "<i4" -> DType.I32;
                case "<i8" -> DType.I64;
                case "|u1", "|b1", "<u1", "<b1" -> DType.U8;
                default -> throw bad("dtype " + descr + " is not one of <f4, <f2, <f8, <i4, <i8, |u1, |b1");
            };
        }

        private boolean bool() throws FormatException {
            for (boolean value : new boolean[] {true, false}) {
                String word = value ? "True" : "False";
                peek();
                if (text.startsWith(word, at)) {
                    at += word.length();
                    return value;
                }
            }
            throw bad("fortran_order is neither True nor False");
        }

        private List<Long> tuple() throws FormatException {
            List<Long> numbers = new ArrayList<>();
            boolean comma = true;
            expect('(');
            while (peek() != ')') {
                int start = at;
                while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
                    at++;
                }
                if (!comma || at == start || at - start > 18 || numbers.size() == Extents.MAX_RANK) {
                    throw bad("shape is not a tuple of at most " + Extents.MAX_RANK
                            + " whole numbers of at most 18 digits");
                }
                numbers.add(Long.parseLong(text.substring(start, at)));
                comma = peek() == ',';
                at += comma ? 1 : 0;
            }
            if (numbers.size() == 1 && !comma) {
                throw bad("shape is a number in brackets, not a tuple");
            }
            expect(')');
            return numbers;
        }

        private String string() throws FormatException {
            char quote = peek();
            if (quote != '\'' && quote != '"') {
                throw bad("expected a string");
            }
            int end = text.indexOf(quote, at + 1);
            if (end < 0 || text.substring(at, end).indexOf('\\') >= 0) {
                throw bad("a string does not end, or has an escape");
            }
            String out = text.substring(at + 1, end);
            at = end + 1;
            return out;
        }

        private void expect(char c) throws FormatException {
            if (peek() != c) {
                throw bad("expected " + c);
            }
            at++;
        }

        /** The next character that is not white space; 0 at the end. */
        private char peek() {
            while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
            return at < text.length() ? text.charAt(at) : 0;
        }

        private FormatException bad(String rule) {
            return source.bad(prefix + "byte " + (offset + at), rule);
        }
    }
}
