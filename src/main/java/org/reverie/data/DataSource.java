package org.reverie.data;

import java.util.List;

/**
 * A known data set.
 *
 * @param name the name on the command line
 * @param aliases other spellings of it
 * @param about one line on what is in it
 * @param licence one line on its terms
 * @param note how to get it where no file can be fetched, else null
 * @param files what {@code data fetch} fetches; empty where the owner asks for an account
 * @param classNames names by label, empty where the files bring them or nobody needs them
 * @param train where its training images may lie below a data folder, best first
 * @param test the same for test images
 */
public record DataSource(
        String name,
        List<String> aliases,
        String about,
        String licence,
        String note,
        List<RemoteFile> files,
        List<String> classNames,
        List<String> train,
        List<String> test) {
    public DataSource {
        aliases = List.copyOf(aliases);
        files = List.copyOf(files);
        classNames = List.copyOf(classNames);
        train = List.copyOf(train);
        test = List.copyOf(test);
    }

    /** Paths relative to a data folder where a split may lie, best first. */
    public List<String> places(Split split) {
        return split == Split.TRAIN ? train : test;
    }
}
