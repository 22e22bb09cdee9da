package clock;

/** What is wrong with a question, in words for whoever asked it. */
final class BadRequest extends RuntimeException {

    private static final long serialVersionUID = 1;

    BadRequest(String message) {
        super(message, null, false, false);  // it is an answer: where in the code it was found is of no interest
    }
}
