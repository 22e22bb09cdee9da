/** A JSON time service. Its one requirement is all that a trimmed run-time (jlink) has to hold besides java.base. */
module clock {
    requires jdk.httpserver;
}
