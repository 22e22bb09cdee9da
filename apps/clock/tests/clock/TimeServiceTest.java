package clock;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLEncoder;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;

final class TimeServiceTest {

    private static final TimeService SERVICE = new TimeService(InstantSource.fixed(Instant.parse("2026-11-24T02:15:30.987Z")));

    private TimeServiceTest() {
    }

    static void run() {
        times();
        zones();
        others();
        mistakes();
    }

    private static void times() {
        answers("/time", null, "UTC", "2026-11-24T02:15:30+00:00", "+00:00", false, 1795486530L);
        answers("/time", "zone=Europe/Berlin", "Europe/Berlin", "2026-11-24T03:15:30+01:00", "+01:00", false, 1795486530L);
        answers("/time", "zone=Asia%2FKolkata", "Asia/Kolkata", "2026-11-24T07:45:30+05:30", "+05:30", false, 1795486530L);
        answers("/time", "zone=America/St_Johns&at=2026-07-01T12:00:00Z", "America/St_Johns", "2026-07-01T09:30:00-02:30", "-02:30", true, 1782907200L);
        answers("/time", "at=2026-07-01T12:00:00Z&zone=Pacific/Kiritimati", "Pacific/Kiritimati", "2026-07-02T02:00:00+14:00", "+14:00", false, 1782907200L);
        // The hour that comes twice: the same reading of the clock, an hour apart.
        answers("/time", "zone=Europe/Berlin&at=2026-10-25T00:30:00Z", "Europe/Berlin", "2026-10-25T02:30:00+02:00", "+02:00", true, 1792888200L);
        answers("/time", "zone=Europe/Berlin&at=2026-10-25T01:30:00Z", "Europe/Berlin", "2026-10-25T02:30:00+01:00", "+01:00", false, 1792891800L);
        answers("/time", "zone=Africa/Monrovia&at=1960-01-01T00:00:00Z", "Africa/Monrovia", "1959-12-31T23:15:30-00:44:30", "-00:44:30", false, -315619200L);
        answers("/time", "at=2026-07-01T14:00:00%2B02:00", "UTC", "2026-07-01T12:00:00+00:00", "+00:00", false, 1782907200L);
        answers("/time", "at=2999-12-31T23:59:59.999Z", "UTC", "2999-12-31T23:59:59+00:00", "+00:00", false, 32503679999L);
        answers("/time", "&at=2026-07-01T12:00:00Z&", "UTC", "2026-07-01T12:00:00+00:00", "+00:00", false, 1782907200L);
        answers("/time", "", "UTC", "2026-11-24T02:15:30+00:00", "+00:00", false, 1795486530L);
    }

    private static void answers(String path, String query, String zone, String time, String offset, boolean daylightSaving, long unix) {
        Map<String, Object> wanted = Map.of("zone", zone, "time", time, "offset", offset, "daylight_saving", daylightSaving, "unix", unix);
        Check.equal(path + "?" + query, SERVICE.answer(path, query), new Answer(200, wanted));
    }

    private static void zones() {
        Check.equal("zones by prefix", SERVICE.answer("/zones", "prefix=Europe/Be").body(),
                Map.of("zones", List.of("Europe/Belfast", "Europe/Belgrade", "Europe/Berlin")));
        Check.equal("no such prefix", SERVICE.answer("/zones", "prefix=Mars/").body(), Map.of("zones", List.of()));
        List<?> all = (List<?>) ((Map<?, ?>) SERVICE.answer("/zones", null).body()).get("zones");
        Check.equal("all zones", all.size() > 400, true);
        Check.equal("in order", all, all.stream().sorted().toList());
        for (Object zone : all) {
            Check.equal("the time in " + zone, SERVICE.answer("/time", "zone=" + URLEncoder.encode((String) zone, UTF_8)).status(), 200);
        }
    }

    private static void others() {
        Check.equal("health", SERVICE.answer("/health", null), new Answer(200, Map.of("status", "ok")));
        Answer about = SERVICE.answer("/", null);
        Check.equal("about", about.status(), 200);
        for (Object example : (List<?>) ((Map<?, ?>) about.body()).get("ask")) {
            String[] sides = ((String) example).split("\\?");
            Check.equal("the example " + example, SERVICE.answer(sides[0], sides.length == 2 ? sides[1] : null).status(), 200);
        }
    }

    private static void mistakes() {
        String years = "at must be like 2026-07-01T12:00:00Z, in the years 1900 to 2999";
        refuses(404, "/nowhere", null, "not found");
        refuses(404, "/time/", null, "not found");
        refuses(404, "", null, "not found");
        refuses(400, "/time", "zone=Mars/Base", "unknown zone; /zones has the list");
        refuses(400, "/time", "zone=", "unknown zone; /zones has the list");
        refuses(400, "/time", "zone", "unknown zone; /zones has the list");
        refuses(400, "/time", "zone=europe/berlin", "unknown zone; /zones has the list");
        refuses(400, "/time", "zone=GMT%2B18:00", "unknown zone; /zones has the list");
        refuses(400, "/time", "zone=../../etc/passwd", "unknown zone; /zones has the list");
        refuses(400, "/time", "zone=%FF%00", "unknown zone; /zones has the list");
        refuses(400, "/time", "at=now", years);
        refuses(400, "/time", "at=2026-02-30T12:00:00Z", years);
        refuses(400, "/time", "at=2026-07-01T12:00:00", years);
        refuses(400, "/time", "at=1899-12-31T23:59:59Z", years);
        refuses(400, "/time", "at=3000-01-01T00:00:00Z", years);
        refuses(400, "/time", "at=%2B1000000000-12-31T23:59:59Z", years);
        refuses(400, "/time", "at=2026-07-01T14:00:00+02:00", years);  // that plus is a space
        refuses(400, "/time", "zone=UTC&zone=UTC", "zone was given more than once");
        refuses(400, "/time", "zome=UTC", "unknown parameter; there are at, zone");
        refuses(400, "/time", "=UTC", "unknown parameter; there are at, zone");
        refuses(400, "/time", "zone=%zz", "the query isn't well formed");
        refuses(400, "/health", "verbose=1", "there are no parameters here");
        refuses(400, "/zones", "prefix=" + "x".repeat(200), "the query is longer than 200 characters");
    }

    private static void refuses(int status, String path, String query, String message) {
        Check.equal(path + "?" + query, SERVICE.answer(path, query), Answer.error(status, message));
    }
}
