package org.reverie.models;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class AccuracyTest {
    private static final float[] LOGITS = {
        3, 1, 2, 0, -1, -2, -3, //
        0, 0, 0, 0, 0, 0, 0,
    };

    @Test
    void ranksByLogitThenIndex() {
        assertEquals(0, Accuracy.rank(LOGITS, 7, 0, 0));
        assertEquals(2, Accuracy.rank(LOGITS, 7, 0, 1));
        assertEquals(6, Accuracy.rank(LOGITS, 7, 1, 6));
        assertEquals(0, Accuracy.best(LOGITS, 7, 1));
    }

    @Test
    void countsFirstAndFirstFive() {
        Accuracy a = new Accuracy();
        a.add(LOGITS, 7, 0, 0);
        a.add(LOGITS, 7, 0, 2);
        a.add(LOGITS, 7, 0, 4);
        a.add(LOGITS, 7, 1, 5);
        assertEquals(4, a.images());
        assertEquals(25, a.top1());
        assertEquals(75, a.top5());
    }
}
