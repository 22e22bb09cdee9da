package clock;

import java.util.Objects;

/** All that these tests need of a test framework. */
final class Check {

    private static int checks;
    private static int failures;

    private Check() {
    }

    static void equal(String what, Object found, Object wanted) {
        checks++;
        if (!Objects.equals(found, wanted)) {
            failures++;
            System.err.println(what + ": found [" + found + "], wanted [" + wanted + "]");
        }
    }

    /** Says how it went; the exit status. */
    static int told() {
        System.out.println(checks + " checks, " + failures + " failed");
        return failures == 0 ? 0 : 1;
    }
}
