package org.reverie.op;

/** Inputs that an op must refuse, and a part of the sentence that the user then reads. */
public record ErrorSample(String message, Record attributes, SampleInput[] inputs) {
    @Override
    public String toString() {
        return message;
    }
}
