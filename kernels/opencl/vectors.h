/* Vectors of WIDTH floats, for OpenCL on CPUs; WIDTH comes from the host. */
#ifndef REVERIE_VECTORS_H
#define REVERIE_VECTORS_H

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
typedef JOIN(float, WIDTH) vec;
#define LOAD(p) JOIN(vload, WIDTH)(0, p)
#define STORE(v, p) JOIN(vstore, WIDTH)(v, 0, p)

#endif
