package clock;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The real server, in this process. */
final class ServerTest {

    private static final Instant NOON = Instant.parse("2026-07-01T12:00:00Z");
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    private ServerTest() {
    }

    static void run() throws Exception {
        try (Server server = started(InstantSource.fixed(NOON))) {
            answers(server.port());
            refuses(server.port());
        }
        staysUpAfterAFault();
        finishesWhatItHasBegun();
    }

    private static void answers(int port) throws Exception {
        HttpResponse<String> answer = ask(port, "GET", "/time?zone=Europe%2FBerlin");
        String body = "{\"zone\":\"Europe/Berlin\",\"time\":\"2026-07-01T14:00:00+02:00\",\"offset\":\"+02:00\",\"daylight_saving\":true,\"unix\":1782907200}\n";
        Check.equal("status", answer.statusCode(), 200);
        Check.equal("body", answer.body(), body);
        Check.equal("type", header(answer, "Content-Type"), "application/json");
        Check.equal("caches", header(answer, "Cache-Control"), "no-store");

        HttpResponse<String> head = ask(port, "HEAD", "/time?zone=Europe%2FBerlin");
        Check.equal("status of HEAD", head.statusCode(), 200);
        Check.equal("body of HEAD", head.body(), "");
        Check.equal("length of HEAD", header(head, "Content-Length"), Integer.toString(body.length()));
    }

    private static void refuses(int port) throws Exception {
        HttpResponse<String> nowhere = ask(port, "GET", "/nowhere");
        Check.equal("no such path", nowhere.statusCode() + nowhere.body(), "404{\"error\":\"not found\"}\n");
        Check.equal("type of errors", header(nowhere, "Content-Type"), "application/json");
        HttpResponse<String> zone = ask(port, "GET", "/time?zone=Mars/Base");
        Check.equal("no such zone", zone.statusCode() + zone.body(), "400{\"error\":\"unknown zone; /zones has the list\"}\n");
        for (String method : new String[] {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
            HttpResponse<String> answer = ask(port, method, "/time");
            Check.equal(method, answer.statusCode() + answer.body(), "405{\"error\":\"method not allowed\"}\n");
            Check.equal("what else than " + method, header(answer, "Allow"), "GET, HEAD");
        }
        Check.equal("POST to nowhere", ask(port, "POST", "/nowhere").statusCode(), 404);
        Check.equal("not HTTP", raw(port, "hello\r\n\r\n").startsWith("HTTP/1.1 400 "), true);
        Check.equal("control character", raw(port, "GET /\u0001 HTTP/1.1\r\nHost: a\r\n\r\n").startsWith("HTTP/1.1 400 "), true);
        Check.equal("endless header", raw(port, "GET / HTTP/1.1\r\nHost: " + "a".repeat(20_000) + "\r\n\r\n").contains(" 200 "), false);
    }

    private static void staysUpAfterAFault() throws Exception {
        InstantSource broken = () -> {
            throw new IllegalStateException("a clock that has stopped; this trace is part of the test");
        };
        try (Server server = started(broken)) {
            HttpResponse<String> answer = ask(server.port(), "GET", "/time");
            Check.equal("a fault", answer.statusCode() + answer.body(), "500{\"error\":\"internal error\"}\n");
            Check.equal("after a fault", ask(server.port(), "GET", "/health").statusCode(), 200);
        }
    }

    private static void finishesWhatItHasBegun() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        Server server = started(() -> {
            begun.countDown();
            awaited(goOn);
            return NOON;
        });
        int port = server.port();
        CompletableFuture<HttpResponse<String>> answer = CLIENT.sendAsync(request(port, "GET", "/time"), BodyHandlers.ofString());
        awaited(begun);
        CompletableFuture<Void> closed = CompletableFuture.runAsync(server::close);
        while (listens(port)) {
            Thread.sleep(10);
        }
        Check.equal("close waits", closed.isDone(), false);
        goOn.countDown();
        Check.equal("the answer comes", answer.get(10, TimeUnit.SECONDS).statusCode(), 200);
        closed.get(10, TimeUnit.SECONDS);
    }

    private static Server started(InstantSource now) throws IOException {
        Server server = new Server(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), new TimeService(now));
        server.start();
        return server;
    }

    private static HttpResponse<String> ask(int port, String method, String path) throws Exception {
        return CLIENT.send(request(port, method, path), BodyHandlers.ofString());
    }

    private static HttpRequest request(int port, String method, String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).method(method, BodyPublishers.noBody()).build();
    }

    private static String header(HttpResponse<String> answer, String name) {
        return answer.headers().firstValue(name).orElse("");
    }

    /** What comes back for bytes that no client would send; "" where the server just hangs up. */
    private static String raw(int port, String text) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        } catch (java.net.SocketException error) {
            return "";
        }
    }

    private static boolean listens(int port) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException error) {
            return false;
        }
    }

    private static void awaited(CountDownLatch latch) {
        try {
            if (!latch.await(10, TimeUnit.SECONDS)) {
                throw new IllegalStateException("nothing came in ten seconds");
            }
        } catch (InterruptedException error) {
            throw new IllegalStateException(error);
        }
    }
}
