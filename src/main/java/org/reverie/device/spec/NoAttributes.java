package org.reverie.device.spec;

/** The attributes of an op that has none. */
public record NoAttributes() {
    public static final NoAttributes NONE = new NoAttributes();
}
