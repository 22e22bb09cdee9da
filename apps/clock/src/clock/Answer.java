package clock;

import java.util.Map;

/** What is sent back: a status of HTTP's, and a body that {@link Json} can write. */
record Answer(int status, Object body) {

    static Answer error(int status, String message) {
        return new Answer(status, Map.of("error", message));
    }
}
