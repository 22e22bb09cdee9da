package clock;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.Map;

/** Serves on $HOST (0.0.0.0) and $PORT (8000) until SIGTERM or Ctrl-C. */
public final class Main {

    private Main() {
    }

    public static void main(String[] args) {
        try {
            serve(address(System.getenv()));
        } catch (IllegalArgumentException error) {
            fail(2, error.getMessage());
        } catch (IOException error) {
            fail(1, "can't listen: " + error.getMessage());
        }
    }

    private static void serve(InetSocketAddress address) throws IOException {
        Server server = new Server(address, new TimeService(InstantSource.system()));
        // The JVM would end with the signal's number. An asked-for stop is a success: status 0.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            server.close();
            Runtime.getRuntime().halt(0);
        }));
        server.start();
        System.out.println("listening on " + address.getHostString() + ":" + server.port());
    }

    /** Where to listen. IllegalArgumentException says what is wrong with the environment. */
    static InetSocketAddress address(Map<String, String> environment) throws IOException {
        String port = environment.getOrDefault("PORT", "8000");
        if (!port.matches("[0-9]{1,5}") || Integer.parseInt(port) < 1 || Integer.parseInt(port) > 65535) {
            throw new IllegalArgumentException("PORT must be a number from 1 to 65535, not '" + port + "'");
        }
        return new InetSocketAddress(InetAddress.getByName(environment.getOrDefault("HOST", "0.0.0.0")), Integer.parseInt(port));
    }

    private static void fail(int status, String message) {
        System.err.println("error: " + message);
        System.exit(status);
    }
}
