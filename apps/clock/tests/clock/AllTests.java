package clock;

/** java -cp ... clock.AllTests: runs every test, and ends with status 1 where one fails. */
public final class AllTests {

    private AllTests() {
    }

    public static void main(String[] args) throws Exception {
        JsonTest.run();
        TimeServiceTest.run();
        MainTest.run();
        ServerTest.run();
        ProcessTest.run();
        System.exit(Check.told());
    }
}
