package clock;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** The program in a process of its own: how it starts and how it ends. */
final class ProcessTest {

    private ProcessTest() {
    }

    static void run() throws Exception {
        stopsWhenAsked();
        refusesABadPort();
        saysThatAPortIsTaken();
    }

    private static void stopsWhenAsked() throws Exception {
        Process process = start(Integer.toString(freePort()));
        try (BufferedReader said = process.inputReader()) {
            Check.equal("it listens", said.readLine().startsWith("listening on 127.0.0.1:"), true);
            process.toHandle().destroy();  // SIGTERM; the process's own destroy() would close the streams, too
            Check.equal("it stops", process.waitFor(10, TimeUnit.SECONDS), true);
            Check.equal("and that is a success", process.exitValue(), 0);
            Check.equal("without a word", said.readLine(), null);
        } finally {
            process.destroyForcibly();
        }
    }

    private static void refusesABadPort() throws Exception {
        ends(start("http"), 2, "error: PORT must be a number from 1 to 65535, not 'http'");
    }

    private static void saysThatAPortIsTaken() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            ends(start(Integer.toString(taken.getLocalPort())), 1, "error: can't listen: Address already in use");
        }
    }

    private static void ends(Process process, int status, String message) throws Exception {
        try (BufferedReader said = process.inputReader()) {
            Check.equal("what it says", said.readLine(), message);
            Check.equal("it ends", process.waitFor(10, TimeUnit.SECONDS), true);
            Check.equal("its status", process.exitValue(), status);
        } finally {
            process.destroyForcibly();
        }
    }

    private static Process start(String port) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        ProcessBuilder builder = new ProcessBuilder(java, "-cp", System.getProperty("java.class.path"), "clock.Main");
        builder.environment().put("HOST", "127.0.0.1");
        builder.environment().put("PORT", port);
        return builder.redirectErrorStream(true).start();
    }

    private static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            return probe.getLocalPort();
        }
    }
}
