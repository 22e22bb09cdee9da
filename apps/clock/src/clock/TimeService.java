package clock;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The service itself, without any HTTP: a path and its query in, an answer out.
 *
 * <pre>
 * /                          what there is to ask
 * /time?zone=Europe/Berlin   the time there, or in UTC; with at=2026-07-01T12:00:00Z that moment instead of now
 * /zones?prefix=Europe/      the names of zones; without a prefix, all of them
 * /health                    {"status":"ok"}
 * </pre>
 *
 * Anything else is answered with {"error": ...} and the status that says whose mistake it was.
 */
final class TimeService {

    private static final int FIRST_YEAR = 1900;
    private static final int LAST_YEAR = 2999;
    // Offsets of former times have seconds: Liberia was 44 minutes and 30 seconds behind until 1972.
    private static final DateTimeFormatter OFFSET = DateTimeFormatter.ofPattern("xxxxx");
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ssxxxxx");
    private static final Set<String> ZONES = new TreeSet<>(ZoneId.getAvailableZoneIds());

    private record Route(Set<String> parameters, Function<Query, Object> body) {
    }

    private final InstantSource now;
    private final Map<String, Route> routes = Map.of(
            "/", new Route(Set.of(), query -> about()),
            "/time", new Route(Set.of("zone", "at"), this::time),
            "/zones", new Route(Set.of("prefix"), this::zones),
            "/health", new Route(Set.of(), query -> Map.of("status", "ok")));

    TimeService(InstantSource now) {
        this.now = now;
    }

    boolean has(String path) {
        return routes.containsKey(path);
    }

    /** The answer to a path and what follows its question mark, still encoded; the query is null where there is none. */
    Answer answer(String path, String query) {
        Route route = routes.get(path);
        if (route == null) {
            return Answer.error(404, "not found");
        }
        try {
            return new Answer(200, route.body().apply(new Query(query, route.parameters())));
        } catch (BadRequest error) {
            return Answer.error(400, error.getMessage());
        }
    }

    private Object about() {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("service", "clock");
        body.put("ask", List.of("/time?zone=Europe/Berlin", "/time?zone=Asia/Tokyo&at=2026-07-01T12:00:00Z", "/zones?prefix=Europe/", "/health"));
        return body;
    }

    private Object time(Query query) {
        ZoneId zone = query.get("zone").map(TimeService::zone).orElse(ZoneId.of("UTC"));
        Instant moment = query.get("at").map(TimeService::moment).orElseGet(now::instant);
        ZonedDateTime there = moment.atZone(zone);
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("zone", zone.getId());
        body.put("time", TIME.format(there));
        body.put("offset", OFFSET.format(there));
        body.put("daylight_saving", zone.getRules().isDaylightSavings(moment));
        body.put("unix", moment.getEpochSecond());
        return body;
    }

    private Object zones(Query query) {
        String prefix = query.get("prefix").orElse("");
        return Map.of("zones", ZONES.stream().filter(name -> name.startsWith(prefix)).toList());
    }

    /** Only names of the list: ZoneId.of alone would take "GMT+18:00" and much else, too. */
    private static ZoneId zone(String name) {
        if (!ZONES.contains(name)) {
            throw new BadRequest("unknown zone; /zones has the list");
        }
        return ZoneId.of(name);
    }

    private static Instant moment(String text) {
        try {
            Instant moment = Instant.parse(text);
            int year = moment.atOffset(ZoneOffset.UTC).getYear();
            if (year >= FIRST_YEAR && year <= LAST_YEAR) {
                return moment;
            }
        } catch (DateTimeException error) {
            // told below, with the years
        }
        throw new BadRequest("at must be like 2026-07-01T12:00:00Z, in the years " + FIRST_YEAR + " to " + LAST_YEAR);
    }
}
