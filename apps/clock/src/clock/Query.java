package clock;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The parameters of a question. */
final class Query {

    private static final int MAX_LENGTH = 200;

    private final Map<String, String> values = new HashMap<>();

    /**
     * Reads what follows the question mark; null where there is none. BadRequest for a parameter that isn't among the known
     * ones, so that a typing error can't pass for a question that was answered, and for one that is given twice.
     */
    Query(String raw, Set<String> known) {
        if (raw == null) {
            return;
        }
        if (raw.length() > MAX_LENGTH) {
            throw new BadRequest("the query is longer than " + MAX_LENGTH + " characters");
        }
        for (String part : raw.split("&")) {
            if (part.isEmpty()) {
                continue;
            }
            String[] sides = part.split("=", 2);
            String name = decoded(sides[0]);
            if (!known.contains(name)) {
                throw new BadRequest(known.isEmpty() ? "there are no parameters here" : "unknown parameter; there are " + listed(known));
            }
            if (values.put(name, sides.length == 2 ? decoded(sides[1]) : "") != null) {
                throw new BadRequest(name + " was given more than once");
            }
        }
    }

    Optional<String> get(String name) {
        return Optional.ofNullable(values.get(name));
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text, UTF_8);
        } catch (IllegalArgumentException error) {
            throw new BadRequest("the query isn't well formed");
        }
    }

    private static String listed(Set<String> names) {
        return String.join(", ", names.stream().sorted().toList());
    }
}
