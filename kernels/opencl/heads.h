/* Where the heads of a tensor [batch, head, row, column] lie. */
#ifndef REVERIE_HEADS_H
#define REVERIE_HEADS_H

typedef struct {
    int offset;
    int batch;
    int head;
    int row;
    int column;
} Strides;

static int head_start(Strides t, int heads, int head) {
    int batch = head / heads;
    return t.offset + batch * t.batch + (head - batch * heads) * t.head;
}

#endif
