package clock;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

final class JsonTest {

    private JsonTest() {
    }

    static void run() {
        Check.equal("string", Json.text("Ada"), "\"Ada\"");
        Check.equal("what has to be escaped", Json.text("\"\\\n\u0000\u007f"), "\"\\\"\\\\\\u000a\\u0000\\u007f\"");
        Check.equal("beyond ASCII", Json.text("Zoë 😀"), "\"Zo\\u00eb \\ud83d\\ude00\"");
        Check.equal("numbers", Json.text(List.of(1, -2L)), "[1,-2]");
        Check.equal("truth", Json.text(true), "true");
        Check.equal("nothing", Json.text(null), "null");
        Check.equal("empty", Json.text(List.of(Map.of(), List.of(), "")), "[{},[],\"\"]");
        Map<String, Object> ordered = new LinkedHashMap<>();
        ordered.put("b", 1);
        ordered.put("a", List.of("x", false));
        Check.equal("keys keep their order", Json.text(ordered), "{\"b\":1,\"a\":[\"x\",false]}");
        String refused = "";
        try {
            Json.text(1.5);
        } catch (IllegalArgumentException error) {
            refused = error.getMessage();
        }
        Check.equal("other types", refused, "no JSON for a java.lang.Double");
    }
}
