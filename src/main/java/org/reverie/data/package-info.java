/**
 * Sets of images and what is done to their bytes before an encoder sees them.
 *
 * <p>An {@link org.reverie.data.ImageSet} hands out 8-bit RGB images by index; readers exist for IDX, CIFAR binary,
 * folders and zip archives of PNG and JPEG. {@link org.reverie.data.DataCatalogue} knows the data sets of the papers by
 * name, {@link org.reverie.data.Preprocess} turns images into network inputs. Nothing here needs a device or a tensor.
 */
package org.reverie.data;
