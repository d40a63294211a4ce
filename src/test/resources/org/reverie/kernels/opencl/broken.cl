/* For the test of what is said when a program does not build. */
__kernel void broken(__global float *out) {
    out[0] = undeclared;
}
