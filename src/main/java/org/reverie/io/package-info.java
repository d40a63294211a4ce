/**
 * Files of numbers: safetensors, PyTorch checkpoints, npy and npz. Every reader takes a {@link org.reverie.io.Source}
 * (a mapped file with an allowance of memory), trusts nothing in it, and gives tensors or one
 * {@link org.reverie.io.FormatException}; {@link org.reverie.io.Weights} tells the formats apart by content. Every
 * writer goes through {@link org.reverie.io.AtomicFile}. docs/files.md has the formats and the limits.
 */
package org.reverie.io;
