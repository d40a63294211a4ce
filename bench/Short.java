package org.reverie.bench;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The values of a parameter that the short mode runs; without it all. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.FIELD)
@interface Short {
    String[] value();
}
