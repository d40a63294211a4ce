package org.reverie.data;

import java.net.URI;

/**
 * A file of a data set at its official address.
 *
 * @param address where it is
 * @param bytes its length, or −1 where that is not known
 * @param sha256 64 hex digits, or null where the publisher gives none
 * @param md5 32 hex digits, or null; only a check against damage, and only used where there is no SHA-256
 * @param unpack the folder that unpacking this archive makes, or null for a file that is used as it is
 */
public record RemoteFile(URI address, long bytes, String sha256, String md5, String unpack) {
    /** The last part of the address's path: the name it gets on disk. */
    public String fileName() {
        String path = address.getPath();
        return path.substring(path.lastIndexOf('/') + 1);
    }

    /** For lists: the SHA-256, else the MD5, else the words "not published". */
    public String checksum() {
        if (sha256 != null) {
            return "sha256 " + sha256;
        }
        return md5 != null ? "md5 " + md5 : "not published";
    }
}
