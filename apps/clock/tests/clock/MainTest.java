package clock;

import java.io.IOException;
import java.util.Map;

final class MainTest {

    private MainTest() {
    }

    static void run() throws IOException {
        Check.equal("by default", Main.address(Map.of()).toString(), "/0.0.0.0:8000");
        Check.equal("as asked", Main.address(Map.of("HOST", "127.0.0.1", "PORT", "65535")).toString(), "/127.0.0.1:65535");
        for (String port : new String[] {"", "http", "0", "65536", "-1", "+80", "1e3", "٨٠", "99999999999999999999"}) {
            String refused = "";
            try {
                Main.address(Map.of("PORT", port));
            } catch (IllegalArgumentException error) {
                refused = error.getMessage();
            }
            Check.equal("port " + port, refused, "PORT must be a number from 1 to 65535, not '" + port + "'");
        }
    }
}
