package org.reverie.io;

import java.util.List;
import org.reverie.tensor.DType;

/** What a pickle's stack can hold besides plain Java values (null, Boolean, Long, Double, String, byte[], List, Map). */
sealed interface PickleValue {
    /** A tuple; kept apart from a list while the pickle runs because some arguments must be tuples. */
    record Tuple(List<Object> items) implements PickleValue {}

    /** A name that the pickle may use, see {@link PickleGlobals}. */
    record Global(String name, Kind kind, DType dtype) implements PickleValue {}

    enum Kind {
        ORDERED_DICT,
        SIZE,
        ENCODE,
        REBUILD_TENSOR,
        REBUILD_TENSOR_V2,
        REBUILD_TENSOR_V3,
        REBUILD_PARAMETER,
        STORAGE,
        UNTYPED_STORAGE,
        DTYPE
    }

    /**
     * Numbers that lie outside the pickle.
     *
     * @param key name of the storage within the checkpoint
     * @param dtype of its elements; {@code U8} for an untyped storage
     * @param total elements of the whole storage
     * @param first element of the whole at which this view of it begins
     * @param count elements of this view
     */
    record Storage(String key, DType dtype, boolean untyped, long total, long first, long count)
            implements PickleValue {}

    /** A tensor over a storage; offset and strides in elements of {@code dtype}, checked when it is resolved. */
    record TensorRef(Storage storage, DType dtype, long offset, List<Long> extents, List<Long> strides)
            implements PickleValue {}
}
