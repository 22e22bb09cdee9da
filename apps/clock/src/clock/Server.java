package clock;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The service over the JDK's own HTTP server. */
final class Server implements AutoCloseable {

    private static final int AT_ONCE = 16;
    private static final int SECONDS_TO_FINISH = 5;

    // Unless it is told otherwise, that server waits for ever and takes whatever comes. These have to be set before its first use.
    static {
        System.setProperty("sun.net.httpserver.maxReqTime", "10");  // seconds for a request to arrive
        System.setProperty("sun.net.httpserver.maxRspTime", "10");  // seconds for an answer to leave
        System.setProperty("sun.net.httpserver.maxReqHeaderSize", "16384");
        System.setProperty("jdk.httpserver.maxConnections", "200");
    }

    private final TimeService service;
    private final HttpServer http;
    private final ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);

    /** Listens, but answers nobody before start(). IOException where the address can't be had. */
    Server(InetSocketAddress address, TimeService service) throws IOException {
        this.service = service;
        http = HttpServer.create(address, 0);
        http.setExecutor(threads);
        http.createContext("/", this::handle);
    }

    void start() {
        http.start();
    }

    int port() {
        return http.getAddress().getPort();
    }

    /** Finishes the answers that are under way, and takes no more questions. */
    @Override
    public void close() {
        http.stop(SECONDS_TO_FINISH);
        threads.shutdown();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            Answer answer = answer(exchange);
            // A URI holds no control character, so none gets into the log.
            System.out.println(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + answer.status());
            send(exchange, answer);
        }
    }

    private Answer answer(HttpExchange exchange) {
        URI uri = exchange.getRequestURI();
        String method = exchange.getRequestMethod();
        if (service.has(uri.getPath()) && !method.equals("GET") && !method.equals("HEAD")) {
            exchange.getResponseHeaders().set("Allow", "GET, HEAD");
            return Answer.error(405, "method not allowed");
        }
        try {
            return service.answer(uri.getPath(), uri.getRawQuery());
        } catch (RuntimeException error) {
            error.printStackTrace();
            return Answer.error(500, "internal error");
        }
    }

    private static void send(HttpExchange exchange, Answer answer) throws IOException {
        byte[] body = (Json.text(answer.body()) + "\n").getBytes(UTF_8);
        var headers = exchange.getResponseHeaders();
        headers.set("Content-Type", "application/json");
        headers.set("Cache-Control", "no-store");
        headers.set("X-Content-Type-Options", "nosniff");
        if (exchange.getRequestMethod().equals("HEAD")) {
            headers.set("Content-Length", Integer.toString(body.length));
            exchange.sendResponseHeaders(answer.status(), -1);
            return;
        }
        exchange.sendResponseHeaders(answer.status(), body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }
}
