package org.reverie.op;

/** One input that an op must handle, as shapes and distributions; tests and benchmarks make tensors of it. */
public record Sample(String note, Record attributes, SampleInput[] inputs) {
    @Override
    public String toString() {
        return note;
    }
}
