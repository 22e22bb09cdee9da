package clock;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Maps, lists, strings, numbers and booleans as JSON, in ASCII alone. */
final class Json {

    private Json() {
    }

    static String text(Object value) {
        return switch (value) {
            case null -> "null";
            case String string -> quoted(string);
            case Integer number -> number.toString();
            case Long number -> number.toString();
            case Boolean yes -> yes.toString();
            case List<?> list -> list.stream().map(Json::text).collect(Collectors.joining(",", "[", "]"));
            case Map<?, ?> map -> map.entrySet().stream()
                    .map(entry -> quoted((String) entry.getKey()) + ":" + text(entry.getValue()))
                    .collect(Collectors.joining(",", "{", "}"));
            default -> throw new IllegalArgumentException("no JSON for a " + value.getClass().getName());
        };
    }

    private static String quoted(String text) {
        StringBuilder result = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                result.append('\\').append(c);
            } else if (c >= ' ' && c <= '~') {
                result.append(c);
            } else {
                result.append(String.format("\\u%04x", (int) c));
            }
        }
        return result.append('"').toString();
    }
}
