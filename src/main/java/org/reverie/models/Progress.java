package org.reverie.models;

/** Who is told about long work, and may end it. */
public interface Progress {
    /** Does nothing and never stops. */
    Progress NONE = new Progress() {
        @Override
        public void at(String task, long done, long total, String detail) {}

        @Override
        public boolean cancelled() {
            return false;
        }
    };

    /**
     * @param task what is being done, the same words from begin to end
     * @param done units done, of {@code total}
     * @param detail a few words such as the loss; may be empty
     */
    void at(String task, long done, long total, String detail);

    /** True once the work should stop at the next safe point, keeping what is done. */
    boolean cancelled();
}
