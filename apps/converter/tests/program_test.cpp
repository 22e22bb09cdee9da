#include "program.hpp"

#include <sstream>

#include "check.hpp"

namespace {

const std::string greeting = "A conversion a line, such as 10 km to mi; \"exit\" ends.\n";
const std::string long_line(5000, '1');

struct Case {
    std::string_view name;
    std::vector<std::string> arguments = {};
    std::string in = "";
    bool interactive = false;
    int status = 0;
    std::string out = "";
    std::string err = "";
};

void cases() {
    const Case all[] = {
        {.name = "one argument", .arguments = {"10 km to m"}, .out = "Result: 10000 m\n"},
        {.name = "many arguments", .arguments = {"10", "km", "to", "m"}, .out = "Result: 10000 m\n"},
        {.name = "a sign isn't an option", .arguments = {"-40", "C", "to", "F"}, .out = "Result: -40 F\n"},
        {.name = "arguments leave the input alone", .arguments = {"1 m to cm"}, .in = "2 m to cm\n", .out = "Result: 100 cm\n"},
        {.name = "bad argument", .arguments = {"10", "km"}, .status = 1, .err = "error: expected \"to\" at column 6, found the end\n"},
        {.name = "empty argument", .arguments = {""}, .status = 1, .err = "error: nothing to convert\n"},
        {.name = "argument too long", .arguments = {long_line}, .status = 1, .err = "error: line is longer than 200 bytes\n"},

        {.name = "lines until exit", .in = "1 m to cm\n1 kg to g\nexit\n1 h to s\n", .out = "Result: 100 cm\nResult: 1000 g\n"},
        {.name = "lines until the end", .in = "1 m to cm\n", .out = "Result: 100 cm\n"},
        {.name = "last line without an end", .in = "1 m to cm", .out = "Result: 100 cm\n"},
        {.name = "lines from Windows", .in = "1 m to cm\r\nexit\r\n1 h to s\r\n", .out = "Result: 100 cm\n"},
        {.name = "blank lines", .in = "\n  \n1 m to cm\n\n", .out = "Result: 100 cm\n"},
        {.name = "spaces round exit", .in = "  exit  \n1 m to cm\n"},
        {.name = "no input"},
        {.name = "goes on after a mistake",
         .in = "1 m\n1 m to kg\n1 m to cm\n",
         .out = "Result: 100 cm\n",
         .err = "error: expected \"to\" at column 4, found the end\nerror: can't convert m (length) to kg (mass)\n"},
        {.name = "goes on after a long line",
         .in = long_line + "\n1 m to cm\n",
         .out = "Result: 100 cm\n",
         .err = "error: line is longer than 200 bytes\n"},
        {.name = "just too long", .in = std::string(201, '1') + "\n1 m to cm\n", .out = "Result: 100 cm\n", .err = "error: line is longer than 200 bytes\n"},
        {.name = "long last line", .in = long_line, .err = "error: line is longer than 200 bytes\n"},
        {.name = "not text",
         .in = std::string("\xff\n\0\n1 m to cm\n", 14),
         .out = "Result: 100 cm\n",
         .err = "error: expected a number at column 1, found \"\\xff\"\nerror: expected a number at column 1, found \"\\x00\"\n"},

        {.name = "prompts a person", .in = "1 m to cm\nexit\n", .interactive = true, .out = greeting + "> Result: 100 cm\n> "},
        {.name = "ends the line after the prompt", .interactive = true, .out = greeting + "> \n"},
    };
    for (const Case& c : all) {
        std::istringstream in(c.in);
        std::ostringstream out;
        std::ostringstream err;
        check_equal(c.name, converter::run(c.arguments, in, out, err, c.interactive), c.status);
        check_equal(c.name, out.str(), c.out);
        check_equal(c.name, err.str(), c.err);
    }
}

void help() {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    check_equal("help", converter::run({"--help"}, in, out, err, false), 0);
    check_equal("help", out.str().starts_with("Usage: converter"), true);
    check_equal("help", out.str().find("\n  temperature: K C °C F °F\n") != std::string::npos, true);
    check_equal("help", err.str(), "");
}

// A device that fails: nothing can be read from it or written to it.
struct Broken : std::streambuf {
    int_type underflow() override { throw std::runtime_error("lost"); }
    int_type overflow(int_type) override { return traits_type::eof(); }
};

void broken_streams() {
    Broken broken;
    std::istream lost(&broken);
    std::ostream full(&broken);
    std::istringstream line("1 m to cm\n");
    std::ostringstream out;
    std::ostringstream err;
    check_equal("input fails", converter::run({}, lost, out, err, false), 1);
    check_equal("input fails", err.str(), "error: reading the input failed\n");
    err.str("");
    check_equal("output fails in a conversation", converter::run({}, line, full, err, false), 1);
    check_equal("output fails in a conversation", err.str(), "error: writing the output failed\n");
    err.str("");
    full.clear();
    check_equal("output fails for an argument", converter::run({"1 m to cm"}, line, full, err, false), 1);
    check_equal("output fails for an argument", err.str(), "error: writing the output failed\n");
}

}  // namespace

int main() {
    cases();
    help();
    broken_streams();
    return told();
}
