package org.reverie.models.clip;

import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** HTML's numeric entities and the named ones that occur in captions; all others stay as they are written. */
final class HtmlEntities {
    private static final Pattern ENTITY = Pattern.compile("&(?:#(\\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z]+));");
    private static final Map<String, String> NAMED = Map.of(
            "amp", "&", "lt", "<", "gt", ">", "quot", "\"", "apos", "'", "nbsp", "\u00a0", "ndash", "–", "mdash", "—",
            "hellip", "…");

    private HtmlEntities() {}

    static String resolve(String text) {
        return ENTITY.matcher(text).replaceAll(m -> Matcher.quoteReplacement(resolve(m.group(), m)));
    }

    private static String resolve(String whole, MatchResult m) {
        if (m.group(3) != null) {
            return NAMED.getOrDefault(m.group(3), whole);
        }
        int point = m.group(1) != null ? Integer.parseInt(m.group(1)) : Integer.parseInt(m.group(2), 16);
        boolean character = Character.isValidCodePoint(point) && point != 0 && !(point >= 0xd800 && point < 0xe000);
        return character ? Character.toString(point) : whole;
    }
}
